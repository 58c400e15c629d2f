import { expect } from 'chai';
import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import {
  atomic,
  type Connection,
  install,
  onCommit,
  postSave,
  preSave,
  transaction,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';
import { Statements } from '../support/statements.js';

describeOnEachDatabase('findOrCreate', (database) => {
  const statements = new Statements();
  const log: string[] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let Tag: ModelStatic<Model>;
  let undo: (() => boolean)[] = [];

  before(async () => {
    sequelize = database.connect({ logging: statements.log });
    connection = install(sequelize);
    Tag = sequelize.define(
      'Tag',
      { name: { type: DataTypes.STRING, unique: true }, colour: DataTypes.STRING },
      { timestamps: false },
    );
    await sequelize.sync({ force: true });
  });
  beforeEach(async () => {
    await Tag.destroy({ where: {} });
    undo = [
      preSave.connect(() => void log.push('preSave')),
      postSave.connect(() => void log.push('postSave')),
    ];
    log.length = 0;
    statements.clear();
  });
  afterEach(() => {
    for (const disconnect of undo) disconnect();
  });
  after(() => connection.uninstall());

  const where = { name: 'new' };
  const verbs = () => statements.verbs().map((verb) => (verb === 'CREATE' ? 'INSERT' : verb));

  function failInPostSave(): void {
    const fail = () => {
      throw new Error('boom');
    };
    undo.push(postSave.connect(fail));
  }

  /** Has somebody else insert the row between the SELECT and the INSERT. */
  function loseTheRace(options: { transaction?: null }): void {
    undo.push(
      preSave.connect(() => Tag.create(where, { hooks: false, ...options }), { once: true }),
    );
  }

  it('sends nothing when it finds the row (D-130)', async () => {
    await Tag.create(where, { hooks: false });

    const [, created] = await Tag.findOrCreate({ where });

    expect(created).to.equal(false);
    expect(log).to.deep.equal([]);
  });

  it('sends the save signals in its own transaction when it creates the row (D-130)', async () => {
    const blocks: boolean[] = [];
    undo.push(
      postSave.connect(async () => {
        blocks.push(transaction.inAtomicBlock());
        await onCommit(() => void log.push('committed'));
      }),
    );

    const [, created] = await Tag.findOrCreate({ where });

    expect(created).to.equal(true);
    expect(blocks).to.deep.equal([true]);
    expect(log).to.deep.equal(['preSave', 'postSave', 'committed']);
    expect(verbs()).to.deep.equal(['BEGIN', 'SELECT', 'INSERT', 'COMMIT']);
  });

  it('has a savepoint of its own in a block, and ends it (D-130)', async () => {
    await atomic(() => Tag.findOrCreate({ where }));

    expect(verbs()).to.deep.equal([
      ...['BEGIN', 'SAVEPOINT', 'SELECT', 'INSERT'],
      ...(database.leavesReleasesOut ? ['COMMIT'] : ['RELEASE', 'COMMIT']),
    ]);
  });

  it('keeps nothing when postSave fails, and throws what it threw (J-24)', async () => {
    failInPostSave();

    const error = await rejectionOf(Tag.findOrCreate({ where }));

    expect(error.message).to.equal('boom');
    expect(await Tag.count()).to.equal(0);
  });

  it('keeps nothing of itself in a block that goes on', async () => {
    failInPostSave();

    await atomic(async () => {
      await Tag.create({ name: 'other' }, { hooks: false });
      await rejectionOf(Tag.findOrCreate({ where }));
    });

    expect((await Tag.findAll()).map((tag) => tag.get('name'))).to.deep.equal(['other']);
  });

  it('throws what the server said, though the server has aborted its transaction', async () => {
    await Tag.create({ name: 'other' }, { hooks: false });
    undo.push(preSave.connect(({ instance }) => void instance.set('name', 'other')));

    const error = await rejectionOf(Tag.findOrCreate({ where: { colour: 'red' } }));

    expect(error.name).to.equal('SequelizeUniqueConstraintError');
    expect(await Tag.count()).to.equal(1);
  });

  it('finds the row of the winner when it loses a race in a block (D-131)', async () => {
    loseTheRace({});

    const created = await atomic(async () => {
      const [tag, isNew] = await Tag.findOrCreate({ where });
      expect(tag.get('name')).to.equal('new');
      await Tag.create({ name: 'other' }, { hooks: false });
      return isNew;
    });

    expect(created).to.equal(false);
    expect(log).to.deep.equal(['preSave']);
    expect(await Tag.count()).to.equal(2);
  });

  // SQLite locks the others out once it has read.
  if (database.dialect !== 'sqlite') {
    it('finds the row of another connection when it loses a race outside of blocks (D-131)', async () => {
      loseTheRace({ transaction: null });

      const [tag, created] = await Tag.findOrCreate({ where });

      expect([tag.get('name'), created]).to.deep.equal(['new', false]);
      expect(log).to.deep.equal(['preSave']);
    });
  }

  if (!database.hasOneConnection && database.dialect !== 'sqlite') {
    it('finds the row of another connection in a block that has read before (D-131)', async () => {
      loseTheRace({ transaction: null });

      const name = await atomic(async () => {
        await Tag.count(); // where transactions read a snapshot, this is when it is taken
        const [tag] = await Tag.findOrCreate({ where });
        await Tag.create({ name: 'other' }, { hooks: false });
        return tag.get('name');
      });

      expect(name).to.equal('new');
      expect(await Tag.count()).to.equal(2);
    });

    it('does not ask a replica for the row that won the race', async () => {
      const replicated = database.connect({
        replication: { write: {}, read: [{ database: 'no_such_replica' }] },
      });
      const other = install(replicated, { using: 'replicated' });
      const Replicated = replicated.define(
        'Tag',
        { name: DataTypes.STRING },
        { timestamps: false },
      );
      Replicated.addHook('beforeCreate', async () => void (await Tag.create(where)));
      const options = { where, isolationLevel: 'REPEATABLE READ' };

      const [tag] = await Replicated.findOrCreate(options);
      other.uninstall();

      expect(tag.get('name')).to.equal('new');
    });
  }

  it('serves all of those who ask at once', async () => {
    const names = ['a', 'b', 'c', 'a', 'b', 'c'];

    const found = await Promise.all(names.map((name) => Tag.findOrCreate({ where: { name } })));

    expect(found.map(([tag]) => tag.get('name'))).to.deep.equal(names);
    expect(found.filter(([, created]) => created)).to.have.length(3);
    expect(await Tag.count()).to.equal(3);
  });

  it('hands its options to its own transaction, as Sequelize does', async () => {
    const own = new Statements();
    const options = { where, logging: own.log, isolationLevel: 'SERIALIZABLE', type: 'EXCLUSIVE' };

    await Tag.findOrCreate(options);

    expect(own.all.join()).to.match(/SERIALIZABLE/);
    expect(own.all.join()).to.match(database.dialect === 'sqlite' ? /BEGIN EXCLUSIVE/ : /START/);
    expect(own.verbs().at(-1)).to.equal('COMMIT');
    expect(statements.all).to.deep.equal([]);
  });

  it('leaves it to Sequelize to refuse what it cannot do', async () => {
    const nowhere = {} as { where: typeof where };

    expect((await rejectionOf(Tag.findOrCreate(nowhere))).message).to.contain('Missing where');
  });

  it('leaves the options of the caller alone', async () => {
    const options = Object.freeze({ where: Object.freeze({ ...where }) });

    await Tag.findOrCreate(options);

    expect(Object.keys(options)).to.deep.equal(['where']);
  });
});

describeOnEachDatabase('findCreateFind', (database) => {
  const where = { name: 'new' };
  let connection: Connection;
  let Tag: ModelStatic<Model>;
  let undo: (() => boolean)[] = [];

  before(async () => {
    const sequelize = database.connect();
    connection = install(sequelize);
    const name = { type: DataTypes.STRING, unique: true };
    const colour = { type: DataTypes.STRING, unique: true };
    Tag = sequelize.define('Tag', { name, colour }, { timestamps: false });
    await sequelize.sync({ force: true });
  });
  beforeEach(() => Tag.destroy({ where: {} }));
  afterEach(() => {
    for (const disconnect of undo) disconnect();
    undo = [];
  });
  after(() => connection.uninstall());

  /** Has somebody else insert the row between the SELECT and the INSERT. */
  function loseTheRace(options: { transaction?: null } = {}): void {
    const win = () => Tag.create(where, { hooks: false, ...options });
    undo.push(preSave.connect(win, { once: true, sender: Tag }));
  }

  it('finds the row of the winner when it loses a race, and sends no postSave', async () => {
    const saved: unknown[] = [];
    undo.push(postSave.connect((event) => void saved.push(event.created), { sender: Tag }));
    loseTheRace();

    const [tag, created] = await Tag.findCreateFind({ where });

    expect([tag.get('name'), created]).to.deep.equal(['new', false]);
    expect(saved).to.deep.equal([]);
  });

  it('finds the row of the winner in a block, which goes on', async () => {
    loseTheRace();

    await atomic(async () => {
      const [tag, created] = await Tag.findCreateFind({ where });
      expect([tag.get('name'), created]).to.deep.equal(['new', false]);
      await Tag.create({ name: 'other' });
    });

    expect(await Tag.count()).to.equal(2);
  });

  if (!database.hasOneConnection && database.dialect !== 'sqlite') {
    it('finds the row of another connection in a block that has read before', async () => {
      loseTheRace({ transaction: null });

      await atomic(async () => {
        await Tag.count(); // where transactions read a snapshot, this is when it is taken
        const [tag, created] = await Tag.findCreateFind({ where });
        expect([tag.get('name'), created]).to.deep.equal(['new', false]);
      });
    });
  }

  it('throws what the server said when another row has the value', async () => {
    await Tag.create({ name: 'old', colour: 'red' });
    const call = () => Tag.findCreateFind({ where, defaults: { colour: 'red' } });

    expect((await rejectionOf(call())).name).to.equal('SequelizeUniqueConstraintError');
    const error = await rejectionOf(atomic(call));
    expect(error.name).to.match(/^Sequelize(UniqueConstraint|EmptyResult)Error$/);
  });

  it('leaves it to Sequelize to refuse what it cannot do', async () => {
    const nowhere = {} as { where: typeof where };

    expect((await rejectionOf(Tag.findCreateFind(nowhere))).message).to.contain('Missing where');
  });
});
