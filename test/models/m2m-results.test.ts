import { expect } from 'chai';
import {
  DataTypes,
  type Identifier,
  type Model,
  type ModelStatic,
  type Sequelize,
} from 'sequelize';
import {
  install,
  type ModelSignal,
  m2mChanged,
  postBulkCreate,
  postDelete,
  preSave,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { Statements } from '../support/statements.js';

type Call = (given?: unknown, options?: object) => Promise<unknown>;
type Linked = Model &
  Record<'addTask' | 'addTasks' | 'setTasks' | 'removeTask' | 'removeTasks' | 'createTask', Call>;
type Class = ModelStatic<Model>;

const UNSTAMPED = { timestamps: false };

/** What a program does with a database, whoever listens: it resolves to what it saw. */
type Program = (sequelize: Sequelize) => Promise<unknown>;

describeOnEachDatabase('links with receivers', (database) => {
  let sequelize: Sequelize;

  afterEach(async () => {
    await sequelize.drop();
    const { modelManager } = sequelize;
    for (const model of [...modelManager.all]) modelManager.removeModel(model as Class);
  });

  /** Runs a program on a Sequelize of its own: plain, installed, and with receivers. */
  async function run(program: Program, as: 'plain' | 'installed' | 'heard'): Promise<unknown> {
    sequelize = database.connect();
    const connection = as === 'plain' ? undefined : install(sequelize);
    const undo =
      as === 'heard'
        ? [m2mChanged, postBulkCreate, postDelete, preSave].map((signal) =>
            (signal as ModelSignal).connect(() => {}),
          )
        : [];
    try {
      return await program(sequelize);
    } finally {
      for (const disconnect of undo) disconnect();
      connection?.uninstall();
    }
  }

  /** Values, instances by their class, and errors by their name. */
  function shown(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(shown);
    return typeof value === 'object' && value !== null ? value.constructor.name : value;
  }
  const told = (call: Promise<unknown>) => call.then(shown, (error: Error) => error.name);

  function defineBoth(on: Sequelize, options = {}): [User: Class, Task: Class] {
    const User = on.define('User', {}, { ...UNSTAMPED, ...options });
    return [User, on.define('Task', {}, UNSTAMPED)];
  }

  const programs: Record<string, Program> = {
    'what each call resolves to': async (on) => {
      const [User, Task] = defineBoth(on);
      const Role = on.define('UserTask', { role: DataTypes.STRING }, UNSTAMPED);
      User.belongsToMany(Task, { through: Role });
      await on.sync({ force: true });
      const user = (await User.create()) as Linked;
      const [a, b, c] = [await Task.create(), await Task.create(), await Task.create()];
      const through = { role: 'x' };
      return [
        await told(user.addTask(a)),
        await told(user.addTask(a)),
        await told(user.addTask(a, { through })),
        await told(user.addTasks([a, b], { through: { role: 'y' } })),
        await told(user.setTasks([b, c], { through })),
        await told(user.setTasks([b, c])),
        await told(user.setTasks([a])),
        await told(user.setTasks(null)),
        await told(user.setTasks(null)),
        await told(user.setTasks([])),
        await told(user.addTasks([])),
        await told(user.addTask()),
        await told(user.addTask(false)),
        await told(user.removeTask(a)),
        await told(user.removeTasks([])),
        await told(user.createTask({})),
        await told(user.createTask({}, { through })),
        await told(user.removeTasks(await Task.findAll())),
        (await Role.findAll({ raw: true })).length,
      ];
    },

    'what becomes of instances that are not saved (D-200)': async (on) => {
      const [User, Task] = defineBoth(on);
      User.belongsToMany(Task, { through: 'UserTask', ...UNSTAMPED });
      await on.sync({ force: true });
      const user = (await User.create()) as Linked;
      const unsaved = User.build() as Linked;
      const task = await Task.create();
      return [
        await told(user.removeTask(Task.build())),
        await told(user.removeTasks([Task.build(), task])),
        await told(unsaved.removeTask(1)),
        await told(unsaved.removeTask(task)),
        await told(unsaved.setTasks([])),
        await told(unsaved.setTasks(null)),
        await told(unsaved.addTask()),
      ];
    },

    'a model that rejects what is empty': async (on) => {
      const [User, Task] = defineBoth(on, { rejectOnEmpty: true });
      User.belongsToMany(Task, { through: 'UserTask', ...UNSTAMPED });
      await on.sync({ force: true });
      const user = (await User.create()) as Linked;
      const [a, b] = [await Task.create(), await Task.create()];
      await user.addTask(a);
      await user.setTasks([b]);
      await user.setTasks([b], { clear: true });
      return [await told(user.removeTask(b)), await told(user.removeTask(b))];
    },

    'a call that rejects what is empty': async (on) => {
      const [User, Task] = defineBoth(on);
      User.belongsToMany(Task, { through: 'UserTask', ...UNSTAMPED });
      await on.sync({ force: true });
      const user = (await User.create()) as Linked;
      const options = { rejectOnEmpty: true };
      const [a, b] = [await Task.create(), await Task.create()];
      await user.addTask(a, options);
      await user.addTask(a, options);
      await user.setTasks([b], options);
      return [await told(user.removeTask(b, options)), await told(user.setTasks(null, options))];
    },
  };

  for (const type of ['INTEGER', 'UUID', 'STRING'] as const) {
    programs[`rows that have lost their target, by a key of ${type}`] = async (on) => {
      const id = { type: DataTypes[type], primaryKey: true };
      const User = on.define('User', {}, UNSTAMPED);
      const Task = on.define('Task', { id }, UNSTAMPED);
      const Grant = on.define(
        'Grant',
        {
          id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
          TaskId: { type: DataTypes[type], allowNull: true },
        },
        UNSTAMPED,
      );
      User.belongsToMany(Task, { through: Grant, onDelete: 'SET NULL' });
      Task.belongsToMany(User, { through: Grant, onDelete: 'SET NULL' });
      await on.sync({ force: true });
      const keys: Identifier[] =
        type === 'INTEGER'
          ? [1, 2]
          : ['0e0c8b5e-0a8c-4c8f-9a0a-3f2f5e6d7c81', '1e0c8b5e-0a8c-4c8f-9a0a-3f2f5e6d7c82'];
      const user = (await User.create()) as Linked;
      const [old, task] = [await Task.create({ id: keys[0] }), await Task.create({ id: keys[1] })];
      await user.addTask(old);
      await old.destroy();
      const rows = async () => (await Grant.findAll({ order: ['id'], raw: true })) as unknown[];
      await user.setTasks([task]);
      const set = await rows();
      await user.setTasks(null);
      return [set, await rows()];
    };
  }

  for (const [title, program] of Object.entries(programs)) {
    it(`are as without them: ${title}`, async () => {
      const plain = await run(program, 'plain');

      expect(await run(program, 'installed')).to.deep.equal(plain);
      expect(await run(program, 'heard')).to.deep.equal(plain);
    });
  }

  it('are read once by setX', async () => {
    const statements = new Statements();
    const verbs = await run(async (on) => {
      const [User, Task] = defineBoth(on);
      User.belongsToMany(Task, { through: 'UserTask', ...UNSTAMPED });
      await on.sync({ force: true });
      const user = (await User.create()) as Linked;
      const [a, b] = [await Task.create(), await Task.create()];
      const logging = statements.log;
      await user.setTasks([a], { logging });
      await user.setTasks([b], { logging });
      await user.setTasks([a], { logging, clear: true });
      await user.setTasks(null, { logging });
      return statements.verbs().filter((verb) => verb !== 'BEGIN' && verb !== 'COMMIT');
    }, 'heard');

    expect(verbs).to.deep.equal([
      ...['SELECT', 'INSERT'],
      ...['SELECT', 'DELETE', 'INSERT'],
      ...['DELETE', 'INSERT'],
      ...['DELETE'],
    ]);
  });
});
