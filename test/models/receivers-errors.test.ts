import { expect } from 'chai';
import {
  DataTypes,
  EmptyResultError,
  type Model,
  type ModelStatic,
  type Sequelize,
  UniqueConstraintError,
} from 'sequelize';
import {
  atomic,
  type Connection,
  install,
  type ModelSignal,
  postBulkCreate,
  postBulkDelete,
  postBulkUpdate,
  postDelete,
  postSave,
  preBulkCreate,
  preBulkDelete,
  preBulkUpdate,
  preDelete,
  preSave,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';

/** Errors that Sequelize interprets where it expects them of its own statements. */
const ERRORS: Record<string, () => unknown> = {
  'a unique violation': () => new UniqueConstraintError({ message: 'slug', fields: { slug: 'x' } }),
  'a unique violation of the same field': () =>
    new UniqueConstraintError({ message: 'name', fields: { name: 'new' } }),
  'an empty result': () => new EmptyResultError('nothing'),
  'a timeout': () => Object.assign(new Error('timed out'), { name: 'TimeoutError' }),
  'a locked database': () => new Error('SQLITE_BUSY: database is locked'),
  'several errors': () => new AggregateError([new Error('one'), new Error('two')]),
  'no error at all': () => 'thrown',
};

const BEFORE = [preSave, preDelete, preBulkCreate, preBulkUpdate, preBulkDelete];
const AFTER = [postSave, postDelete, postBulkCreate, postBulkUpdate, postBulkDelete];

describeOnEachDatabase('an error of a receiver', (database) => {
  const where = { name: 'new' };
  let sequelize: Sequelize;
  let connection: Connection;
  let Tag: ModelStatic<Model>;
  let Slug: ModelStatic<Model>;
  let tag: Model;

  before(async () => {
    sequelize = database.connect({ retry: { max: 3, match: [/./] } });
    connection = install(sequelize);
    // Sequelize writes to what it is given: each model has objects of its own.
    const unique = () => ({ type: DataTypes.STRING, unique: true });
    Tag = sequelize.define(
      'Tag',
      { name: unique(), uses: DataTypes.INTEGER },
      { timestamps: false },
    );
    Slug = sequelize.define('Slug', { slug: unique() }, { timestamps: false });
    await sequelize.sync({ force: true });
    await Slug.create({ slug: 'taken' });
  });
  beforeEach(async () => {
    await Tag.destroy({ where: {} });
    tag = await Tag.create({ name: 'old', uses: 1 });
  });
  after(() => connection.uninstall());

  const calls: Record<string, () => Promise<unknown>> = {
    'create()': () => Tag.create(where),
    'save()': () => tag.set('uses', 2).save(),
    'save() of nothing': () => tag.save(),
    'update()': () => tag.update({ uses: 2 }),
    'destroy()': () => tag.destroy(),
    'increment()': () => tag.increment('uses'),
    'findOrCreate()': () => Tag.findOrCreate({ where }),
    'findOrCreate() with defaults': () => Tag.findOrCreate({ where, defaults: { uses: 1 } }),
    'findCreateFind()': () => Tag.findCreateFind({ where }),
    'upsert()': () => Tag.upsert(where),
    'bulkCreate()': () => Tag.bulkCreate([where], { validate: true }),
    'bulkCreate() with individualHooks': () =>
      Tag.bulkCreate([where], { validate: true, individualHooks: true }),
    'Model.update()': () => Tag.update({ uses: 2 }, { where: {} }),
    'Model.update() with individualHooks': () =>
      Tag.update({ uses: 2 }, { where: {}, individualHooks: true }),
    'Model.destroy()': () => Tag.destroy({ where: {} }),
    'Model.destroy() with individualHooks': () => Tag.destroy({ where: {}, individualHooks: true }),
  };

  /** Has the first receiver that is called fail, and counts the calls. */
  function fail(signals: readonly ModelSignal[], error: unknown) {
    const failing = { calls: 0 };
    const undos = signals.map((signal) =>
      signal.connect(
        () => {
          failing.calls += 1;
          throw error;
        },
        { sender: Tag },
      ),
    );
    return Object.assign(failing, {
      [Symbol.dispose]: () => {
        for (const undo of undos) undo();
      },
    });
  }

  for (const [call, run] of Object.entries(calls)) {
    for (const [what, make] of Object.entries(ERRORS)) {
      it(`that is ${what} comes out of ${call} as it went in`, async () => {
        for (const signals of [BEFORE, AFTER]) {
          for (const around of [(body: () => Promise<unknown>) => body(), atomic]) {
            const error = make();
            using failing = fail(signals as readonly ModelSignal[], error);

            expect(await rejectionOf<unknown>(around(run))).to.equal(error);
            expect(failing.calls).to.equal(1);
            await Tag.destroy({ where, hooks: false });
          }
        }
      });
    }
  }

  describe('that is the unique violation of another table', () => {
    for (const [call, run] of [
      ['findOrCreate()', () => Tag.findOrCreate({ where })],
      ['findCreateFind()', () => Tag.findCreateFind({ where })],
    ] as const) {
      it(`is not taken for a lost race by ${call} (D-131)`, async () => {
        using _undo = postSave.connect(() => atomic(() => Slug.create({ slug: 'taken' })), {
          sender: Tag,
        });

        const error = await rejectionOf(run());

        expect(error).to.be.instanceOf(UniqueConstraintError);
      });

      it(`is not taken for a lost race by ${call} in a block`, async () => {
        using _undo = postSave.connect(() => atomic(() => Slug.create({ slug: 'taken' })), {
          sender: Tag,
        });

        const error = await rejectionOf(atomic(() => run()));

        expect(error).to.be.instanceOf(UniqueConstraintError);
        expect(await Tag.count({ where })).to.equal(0);
      });
    }
  });

  it('undoes what findOrCreate() has stored, in a block that goes on', async () => {
    using _failing = fail([postSave] as readonly ModelSignal[], new UniqueConstraintError({}));

    await atomic(async () => {
      await rejectionOf(Tag.findOrCreate({ where }));
      await Slug.create({ slug: 'other' });
    });

    expect([await Tag.count({ where }), await Slug.count()]).to.deep.equal([0, 2]);
  });

  it('is thrown by findOrCreate() also where the row is there by now', async () => {
    const error = new UniqueConstraintError({});
    using _undo = preSave.connect(
      async () => {
        await Tag.create(where, { hooks: false, transaction: null } as object).catch(() => {});
        throw error;
      },
      { sender: Tag },
    );

    expect(await rejectionOf(Tag.findCreateFind({ where }))).to.equal(error);
  });

  it('of hooks of the application neither is a lost race', async () => {
    const error = new UniqueConstraintError({ fields: { slug: 'x' } });
    const throwIt = () => {
      throw error;
    };
    Tag.addHook('afterCreate', 'fail', throwIt);

    const errors = [
      await rejectionOf(Tag.findOrCreate({ where })),
      await rejectionOf(Tag.findCreateFind({ where: { name: 'newer' } })),
    ];
    Tag.removeHook('afterCreate', 'fail');

    expect(errors).to.deep.equal([error, error]);
    expect(await Tag.count({ where })).to.equal(0);
  });
});
