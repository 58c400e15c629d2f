import { expect } from 'chai';
import { DataTypes, Model, type ModelStatic, Sequelize } from 'sequelize';
import {
  assertSendersResolved,
  type Connection,
  InvalidArgumentError,
  install,
  postBulkDelete,
  postBulkUpdate,
  postDelete,
  postSave,
  preSave,
  receiver,
  UnknownModelError,
  unresolvedSenders,
} from 'sequelize-signals';

describe('models as senders by name', () => {
  const called: string[] = [];
  const note = (what: string) => () => void called.push(what);
  let connections: Connection[] = [];
  let undo: (() => boolean)[] = [];

  beforeEach(() => {
    called.length = 0;
  });
  afterEach(async () => {
    for (const end of undo) end();
    undo = [];
    for (const connection of connections) {
      connection.uninstall();
      await connection.sequelize.close();
    }
    connections = [];
  });

  function installed(using = 'default'): Sequelize {
    const sequelize = new Sequelize({ dialect: 'sqlite', logging: false });
    connections.push(install(sequelize, { using }));
    return sequelize;
  }

  function define(sequelize: Sequelize, name: string): ModelStatic<Model> {
    return sequelize.define(name, { text: DataTypes.STRING }, { timestamps: false });
  }

  async function save(model: ModelStatic<Model>): Promise<string[]> {
    called.length = 0;
    await model.sync();
    await model.create({});
    return [...called];
  }

  it('are found when they are defined already (D-080)', async () => {
    const Note = define(installed(), 'Note');

    undo.push(postSave.connect(note('a'), { sender: 'Note' }));

    expect(await save(Note)).to.deep.equal(['a']);
  });

  it('are found when they are defined later (D-081)', async () => {
    undo.push(postSave.connect(note('a'), { sender: 'Note' }));
    const sequelize = installed();

    expect(await save(define(sequelize, 'Other'))).to.deep.equal([]);
    expect(await save(define(sequelize, 'Note'))).to.deep.equal(['a']);
  });

  it('are found in the same letters only (D-079)', async () => {
    undo.push(
      postSave.connect(note('other letters'), { sender: 'note' }),
      postSave.connect(note('with an app'), { sender: 'app.Note' }),
    );

    expect(await save(define(installed(), 'Note'))).to.deep.equal([]);
    expect(unresolvedSenders().map(({ name }) => name)).to.deep.equal(['note', 'app.Note']);
  });

  it('are waited for by name, and not by class (D-083)', () => {
    class Note extends Model {}
    undo.push(preSave.connect(note('a'), { sender: Note }));

    expect(preSave.hasListeners(Note)).to.equal(true);
  });

  it('are connected once by a module that is loaded twice, with a dispatchUid (D-090)', async () => {
    const load = () => postSave.connect(note('a'), { sender: 'Note', dispatchUid: 'module' });
    undo.push(load(), load());

    expect(await save(define(installed(), 'Note'))).to.deep.equal(['a']);
  });

  it('are found when they were defined before install()', async () => {
    undo.push(postSave.connect(note('a'), { sender: 'Note' }));
    const sequelize = new Sequelize({ dialect: 'sqlite', logging: false });
    const Note = define(sequelize, 'Note');
    connections.push(install(sequelize));

    expect(await save(Note)).to.deep.equal(['a']);
  });

  it('are found on every installed database (D-086)', async () => {
    undo.push(postSave.connect(note('a'), { sender: 'Note' }));

    const [One, Two] = [define(installed('one'), 'Note'), define(installed('two'), 'Note')];

    expect(await save(One)).to.deep.equal(['a']);
    expect(await save(Two)).to.deep.equal(['a']);
  });

  it('may be init() classes', async () => {
    class Note extends Model {}
    undo.push(postSave.connect(note('a'), { sender: 'Note' }));

    Note.init({}, { sequelize: installed(), timestamps: false });

    expect(await save(Note)).to.deep.equal(['a']);
  });

  it('keep the order in which receivers were connected', async () => {
    undo.push(postSave.connect(note('by name'), { sender: 'Note' }), postSave.connect(note('any')));
    const Note = define(installed(), 'Note');
    undo.push(
      postSave.connect(note('by class'), { sender: Note }),
      postSave.connect(note('by name again'), { sender: 'Note' }),
    );

    expect(await save(Note)).to.deep.equal(['by name', 'any', 'by class', 'by name again']);
  });

  it('move to the new class when a model is defined anew (J-26)', async () => {
    undo.push(postSave.connect(note('a'), { sender: 'Note' }));
    const sequelize = installed();
    const Old = define(sequelize, 'Note');
    const New = define(sequelize, 'Note');

    expect(await save(New)).to.deep.equal(['a']);
    expect(await save(Old)).to.deep.equal([]);
  });

  it('are unknown again when their model is removed', () => {
    undo.push(postSave.connect(note('a'), { sender: 'Note' }));
    const sequelize = installed();
    const Note = define(sequelize, 'Note');

    sequelize.modelManager.removeModel(Note);

    expect(postSave.hasListeners(Note)).to.equal(false);
    expect(unresolvedSenders().map(({ name }) => name)).to.deep.equal(['Note']);
  });

  it('leave nothing when disconnected before they are defined (D-085)', async () => {
    const connected = note('a');
    postSave.connect(connected, { sender: 'Note' });

    expect(postSave.disconnect(connected, { sender: 'Note' })).to.equal(true);
    expect(postSave.disconnect(connected, { sender: 'Note' })).to.equal(false);
    expect(await save(define(installed(), 'Note'))).to.deep.equal([]);
  });

  it('are the same sender by class and by name', async () => {
    const connected = note('a');
    const Note = define(installed(), 'Note');
    postSave.connect(connected, { sender: Note });
    postSave.connect(connected, { sender: 'Note' });

    expect(await save(Note)).to.deep.equal(['a']);
    expect(postSave.disconnect(connected, { sender: Note })).to.equal(true);
    expect(postSave.hasListeners(Note)).to.equal(false);
    expect(postSave.disconnect(connected, { sender: 'Note' })).to.equal(false);
  });

  it('are disconnected by name where they were connected by class (D-084)', () => {
    const connected = note('a');
    const Note = define(installed(), 'Note');
    postSave.connect(connected, { sender: Note });

    expect(postSave.disconnect(connected, { sender: 'Note' })).to.equal(true);
    expect(postSave.hasListeners('Note')).to.equal(false);
  });

  it('are called twice with a receiver for any sender besides (D-006)', async () => {
    const connected = note('a');
    undo.push(postSave.connect(connected), postSave.connect(connected, { sender: 'Note' }));

    expect(await save(define(installed(), 'Note'))).to.deep.equal(['a', 'a']);
  });

  it('are called once when asked to, whatever models there are', async () => {
    undo.push(postSave.connect(note('a'), { sender: 'Note', once: true }));

    const calls = [
      await save(define(installed('one'), 'Note')),
      await save(define(installed('two'), 'Note')),
    ];

    expect(calls).to.deep.equal([['a'], []]);
  });

  it('are told by hasListeners()', () => {
    const Note = define(installed(), 'Note');
    undo.push(postSave.connect(note('a'), { sender: 'Note' }));

    expect(postSave.hasListeners(Note)).to.equal(true);
    expect(postSave.hasListeners(Note.unscoped())).to.equal(true);
    expect(postSave.hasListeners('Note')).to.equal(true);
    expect(postSave.hasListeners(define(connections[0]?.sequelize as Sequelize, 'Other'))).to.equal(
      false,
    );
  });

  it('work with receiver()', async () => {
    const connected = receiver([preSave, postSave], { sender: 'Note' })(note('a'));
    undo.push(
      () => preSave.disconnect(connected, { sender: 'Note' }),
      () => postSave.disconnect(connected, { sender: 'Note' }),
    );

    expect(await save(define(installed(), 'Note'))).to.deep.equal(['a', 'a']);
  });

  it('lose their models with uninstall()', async () => {
    undo.push(postSave.connect(note('a'), { sender: 'Note' }));
    const Note = define(installed(), 'Note');
    await Note.sync();
    for (const connection of connections) connection.uninstall();

    await Note.create({});

    expect(called).to.deep.equal([]);
    expect(Object.hasOwn(Note.prototype, 'save')).to.equal(false);
    expect(unresolvedSenders().map(({ name }) => name)).to.deep.equal(['Note']);
  });

  it('are listed while nobody has defined them (D-087, J-26)', () => {
    const misspelt = note('a');
    undo.push(
      preSave.connect(misspelt, { sender: 'Noet' }),
      preSave.connect(note('b'), { sender: 'Note' }),
    );
    define(installed(), 'Note');

    expect(unresolvedSenders()).to.deep.equal([
      {
        signal: preSave,
        sender: 'Noet',
        name: 'Noet',
        receiver: misspelt,
        reason: 'No installed database has a model called "Noet"',
      },
    ]);
  });

  it('may be asked for when the application starts (D-087)', () => {
    undo.push(
      preSave.connect(function stamp() {}, { sender: 'Noet' }),
      postSave.connect(() => {}, { sender: 'Note' }),
    );
    define(installed(), 'Note');

    expect(assertSendersResolved).to.throw(
      UnknownModelError,
      'No installed database has a model called "Noet", for preSave receiver "stamp"',
    );
    define(connections[0]?.sequelize as Sequelize, 'Noet');
    expect(assertSendersResolved).not.to.throw();
  });

  it('send once when they extend one another', async () => {
    class Base extends Model {}
    class Extended extends Base {}
    const sequelize = installed();
    undo.push(
      preSave.connect(({ sender }) => void called.push(`preSave ${sender.name}`)),
      postSave.connect(({ sender }) => void called.push(`postSave ${sender.name}`)),
      postBulkUpdate.connect(({ sender }) => void called.push(`postBulkUpdate ${sender.name}`)),
      postBulkDelete.connect(({ sender }) => void called.push(`postBulkDelete ${sender.name}`)),
    );
    for (const model of [Base, Extended]) {
      model.init({ n: DataTypes.INTEGER }, { sequelize, modelName: model.name });
      await model.sync();
    }

    for (const model of [Base, Extended]) {
      await model.bulkCreate([{ n: 1 }, { n: 2 }], { individualHooks: true });
      await model.increment('n', { where: {} });
      await model.update({ n: 5 }, { where: {}, individualHooks: true });
      await model.destroy({ where: {} });
    }

    const sentBy = (name: string) => [
      ...[`preSave ${name}`, `postSave ${name}`, `preSave ${name}`, `postSave ${name}`],
      `postBulkUpdate ${name}`,
      ...[`preSave ${name}`, `preSave ${name}`, `postSave ${name}`, `postSave ${name}`],
      ...[`postBulkUpdate ${name}`, `postBulkDelete ${name}`],
    ];
    expect(called).to.deep.equal([...sentBy('Base'), ...sentBy('Extended')]);
  });

  it('belong to the database that they were defined for last (D-112)', async () => {
    class Note extends Model {}
    undo.push(
      postSave.connect(({ using }) => void called.push(using), { sender: 'Note' }),
      postDelete.connect(({ using }) => void called.push(using), { sender: Note }),
    );
    for (const using of ['one', 'two']) {
      Note.init({}, { sequelize: installed(using), timestamps: false });
      await Note.sync();
    }

    await (await Note.create()).destroy();
    connections[0]?.uninstall();
    await (await Note.create()).destroy();
    connections[1]?.uninstall();
    await (await Note.create()).destroy();

    expect(called).to.deep.equal(['two', 'two', 'two', 'two']);
    expect(Object.hasOwn(Note.prototype, 'destroy')).to.equal(false);
  });

  for (const sender of ['', 5, {}, [''], true]) {
    it(`are not ${JSON.stringify(sender)} (D-082)`, () => {
      const connect = () => preSave.connect(note('a'), { sender: sender as string });

      expect(connect).to.throw(InvalidArgumentError, 'must be a model, or the name of one');
    });
  }
});
