import { expect } from 'chai';
import { DataTypes, Model, type ModelStatic, type Sequelize } from 'sequelize';
import {
  type Connection,
  install,
  type ModelSignal,
  type PreSave,
  postDelete,
  postSave,
  preDelete,
  preSave,
  type Undo,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';

const SIGNALS = [preSave, postSave, preDelete, postDelete] as unknown as ModelSignal[];

/** Hands no options on. */
class Dropping extends Model {
  declare n: number;

  override async save(): Promise<this> {
    return super.save();
  }

  override async update(values: object): Promise<this> {
    return super.update(values);
  }

  override async destroy(): Promise<void> {
    return super.destroy();
  }
}

/** Saves twice, once with the options that it was given. */
class Twice extends Model {
  declare n: number;
  static change = true;

  override async save(options?: object): Promise<this> {
    await super.save();
    if (Twice.change) this.n = 9;
    return super.save(options);
  }
}

/** Does nothing. */
class Idle extends Model {
  override async save(): Promise<this> {
    return this;
  }
}

describeOnEachDatabase('methods that an application overrides', (database) => {
  let sequelize: Sequelize;
  let connection: Connection;
  const sent: unknown[] = [];
  let undos: Undo[] = [];

  before(async () => {
    sequelize = database.connect();
    connection = install(sequelize);
    for (const model of [Dropping, Twice, Idle] as ModelStatic<Model>[]) {
      model.init({ n: DataTypes.INTEGER, m: DataTypes.INTEGER }, { sequelize, timestamps: false });
    }
    await sequelize.sync({ force: true });
  });
  beforeEach(() => {
    Twice.change = true;
    undos = SIGNALS.map((signal) =>
      signal.connect((event: object) => {
        const { updateFields: fields } = event as Partial<PreSave>;
        sent.push(fields ? [signal.name, [...fields]] : signal.name);
      }),
    );
    sent.length = 0;
  });
  afterEach(() => {
    for (const undo of undos) undo();
  });
  after(() => connection.uninstall());

  it('send their signals once, with options dropped', async () => {
    const instance = await Dropping.create({ n: 1 });
    instance.n = 2;
    await instance.save();
    await instance.destroy();

    expect(sent).to.deep.equal([
      ...['preSave', 'postSave'],
      ...['preSave', 'postSave'],
      ...['preDelete', 'postDelete'],
    ]);
  });

  it('send both signals of a save that writes nothing, with options dropped', async () => {
    const instance = await Dropping.create({ n: 1 });
    sent.length = 0;

    await instance.save();

    expect(sent).to.deep.equal(['preSave', 'postSave']);
  });

  it('tell what update() was given, with options dropped', async () => {
    const instance = await Dropping.create({ n: 1 });
    sent.length = 0;

    await instance.update({ n: 1, m: 2 });
    await instance.update({ n: 1 });
    await instance.update({});
    await instance.save();

    expect(sent).to.deep.equal([
      ...[
        ['preSave', ['n', 'm']],
        ['postSave', ['n', 'm']],
      ],
      ...[
        ['preSave', ['n']],
        ['postSave', ['n']],
      ],
      ...['preSave', 'postSave'],
    ]);
  });

  it('send no postSave when the row is gone, with options dropped (D-101)', async () => {
    const instance = await Dropping.create({ n: 1 });
    await Dropping.destroy({ where: {}, hooks: false });
    sent.length = 0;

    instance.n = 2;
    await instance.save();

    expect(sent).to.deep.equal(['preSave']);
  });

  it('send the signals of each save that they make, in order', async () => {
    const pair = ['preSave', 'postSave'];
    const instance = await Twice.create({ n: 1 });
    expect(sent.splice(0)).to.deep.equal([...pair, ...pair]);

    await instance.save();
    expect(sent.splice(0)).to.deep.equal([...pair, ...pair]);

    Twice.change = false;
    await instance.save();
    expect(sent.splice(0)).to.deep.equal([...pair, ...pair]);
  });

  it('send nothing when they save nothing', async () => {
    await Idle.build({ n: 1 }).save();

    expect(sent).to.deep.equal([]);
  });

  it('send both signals of each of the saves that are under way together', async () => {
    const instance = await Dropping.create({ n: 1 });
    sent.length = 0;

    await Promise.all([instance.save(), instance.save()]);

    expect(sent.filter((name) => name === 'preSave')).to.have.length(2);
    expect(sent.filter((name) => name === 'postSave')).to.have.length(2);
  });
});
