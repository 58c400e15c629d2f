import { expect } from 'chai';
import { DataTypes, Model, type Sequelize, ValidationError } from 'sequelize';
import {
  atomic,
  type Connection,
  install,
  type ModelSignal,
  postSave,
  postValidate,
  preBulkCreate,
  preSave,
  preValidate,
  transaction,
  type ValidateBySender,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';

class Page extends Model {
  declare id: number;
  declare title: string;
  declare slug: string;
  declare views: number | null;
  declare meta: { seen?: number } | null;
}

describeOnEachDatabase('preValidate and postValidate', (database) => {
  let sequelize: Sequelize;
  let connection: Connection;
  let undo: (() => boolean)[];
  let sent: string[];

  before(async () => {
    sequelize = database.connect();
    connection = install(sequelize);
    Page.init(
      {
        title: DataTypes.STRING,
        slug: { type: DataTypes.STRING, allowNull: false, validate: { isLowercase: true } },
        views: { type: DataTypes.INTEGER, validate: { min: 0 } },
        meta: DataTypes.JSON,
      },
      { sequelize, modelName: 'Page' },
    );
    await Page.sync({ force: true });
  });
  beforeEach(() => {
    undo = [];
    sent = [];
  });
  afterEach(async () => {
    for (const end of undo) end();
    await Page.destroy({ where: {} });
  });
  after(() => connection.uninstall());

  function onValidate(
    signal: ModelSignal<ValidateBySender>,
    receive: (instance: Page) => unknown,
  ): void {
    undo.push(signal.connect(({ instance }) => receive(instance), { sender: Page }));
  }

  /** Has the signals of a save write their names. */
  function watch(): void {
    for (const signal of [preValidate, postValidate, preSave, postSave]) {
      undo.push(
        signal.connect(({ instance }) => void sent.push(`${signal.name} ${instance.title}`), {
          sender: Page,
        }),
      );
    }
  }

  const fillSlug = () =>
    onValidate(preValidate, (page) => {
      page.slug ??= page.title.toLowerCase();
    });

  const page = (values = {}) => Page.create({ title: 'A', slug: 'a', ...values });
  const stored = ({ id }: Page) => Page.findByPk(id, { rejectOnEmpty: true });

  it('fill a required field (D-113)', async () => {
    fillSlug();

    const created = await Page.create({ title: 'New' });

    expect((await stored(created)).slug).to.equal('new');
  });

  it('come before preSave, once for each save', async () => {
    watch();
    const made = await page();
    await made.update({ views: 2 });
    await made.set('views', 3).save();
    await made.save();

    const each = ['preValidate A', 'postValidate A', 'preSave A', 'postSave A'];
    expect(sent).to.deep.equal([...each, ...each, ...each, ...each]);
  });

  it('tell what preSave tells', async () => {
    const made = await page();
    const seen: unknown[] = [];
    for (const signal of [preValidate, postValidate]) {
      undo.push(
        signal.connect(
          (event) => {
            seen.push([
              event.signal.name,
              event.sender,
              event.using,
              event.raw,
              event.updateFields && [...event.updateFields],
              event.transaction,
              event.instance === made,
            ]);
          },
          { sender: Page },
        ),
      );
    }
    const told = (raw: boolean, fields: string[] | null, within?: unknown) =>
      ['preValidate', 'postValidate'].map((name) => [
        name,
        Page,
        'default',
        raw,
        fields,
        within,
        true,
      ]);

    await made.update({ views: 2 });
    expect(seen.splice(0)).to.deep.equal(told(false, ['views']));
    await made.set('views', 4).save({ fields: ['views', 'title'], raw: true } as object);
    expect(seen.splice(0)).to.deep.equal(told(true, ['views', 'title']));
    await made.set('views', 5).save();
    expect(seen.splice(0)).to.deep.equal(told(false, null));
    await made.validate();
    expect(seen.splice(0)).to.deep.equal(told(false, null));
    await atomic(async (current) => {
      await made.save();
      await made.validate();
      expect(seen.splice(0)).to.deep.equal([
        ...told(false, null, current),
        ...told(false, null, current),
      ]);
    });
    const by = await sequelize.transaction();
    await made.save({ transaction: by });
    await by.commit();
    expect(seen.splice(0)).to.deep.equal(told(false, null, by));
  });

  it('run in the transaction of the save', async () => {
    const by = await sequelize.transaction();
    const seen: unknown[] = [];
    onValidate(preValidate, () => seen.push(transaction.current()));

    await Page.create({ title: 'A', slug: 'a' }, { transaction: by });
    await by.rollback();

    expect(seen).to.deep.equal([by]);
    expect(await Page.count()).to.equal(0);
  });

  it('are sent by validate(), each time', async () => {
    watch();
    const options = {};
    const made = Page.build({ title: 'A', slug: 'a' });

    await made.validate(options);
    await made.validate(options);

    const each = ['preValidate A', 'postValidate A'];
    expect(sent).to.deep.equal([...each, ...each]);
    expect(options).to.deep.equal({});
  });

  it('are not sent where Sequelize validates nothing, or runs no hooks', async () => {
    watch();
    const made = await page({ views: 1 });
    sent = [];

    await made.save({ hooks: false });
    await made.validate({ hooks: false });
    await made.save({ fields: [] });
    await made.update({});
    expect(sent).to.deep.equal([]);

    await made.save({ validate: false });
    expect(sent).to.deep.equal(['preSave A', 'postSave A']);
  });

  describe('what a receiver of preValidate changes', () => {
    it('is validated', async () => {
      onValidate(preValidate, (one) => {
        one.views = -1;
      });

      const error = await rejectionOf(page());

      expect(error)
        .to.be.instanceOf(ValidationError)
        .with.property('message')
        .that.includes('views');
      expect(await Page.count()).to.equal(0);
    });

    it('is written by an update, and validated, though Sequelize did not mean to', async () => {
      const made = await page({ meta: {} });
      let views = 7;
      onValidate(preValidate, (one) => {
        one.views = views;
        if (one.meta) one.meta.seen = views;
      });

      await made.update({ title: 'B' });
      expect(await stored(made)).to.include({ title: 'B', views: 7 });
      expect((await stored(made)).meta).to.deep.equal({ seen: 7 });

      views = -1;
      const error = await rejectionOf(made.update({ title: 'C' }));
      expect(error).to.be.instanceOf(ValidationError);
      expect(await stored(made)).to.include({ title: 'B', views: 7 });
    });

    it('is written by a save that would have written nothing, with its time', async () => {
      const made = await page();
      await Page.update({ updatedAt: new Date(0) } as object, {
        where: { id: made.id },
        silent: true,
      });
      const again = await stored(made);
      onValidate(preValidate, (one) => {
        one.views = 9;
      });

      await again.save();

      const now = await stored(made);
      expect(now.views).to.equal(9);
      expect((now.get('updatedAt') as Date).getTime()).to.be.above(0);
    });

    it('is not written where the caller named other fields (D-102)', async () => {
      const made = await page({ views: 1 });
      onValidate(preValidate, (one) => {
        one.views = 9;
      });

      await made.set('title', 'B').save({ fields: ['title'] });

      expect(await stored(made)).to.include({ title: 'B', views: 1 });
    });

    it('is not validated where the caller has it skipped', async () => {
      const made = await page();
      onValidate(preValidate, (one) => {
        one.views = -1;
      });

      await made.set('title', 'B').save({ skip: ['views'] } as object);

      expect(await stored(made)).to.include({ title: 'B', views: -1 });
    });
  });

  it('write what a receiver of postValidate changes, without validating it', async () => {
    const made = await page();
    onValidate(postValidate, (one) => {
      one.views = -1;
    });

    await made.update({ title: 'B' });
    const other = await page();

    expect((await stored(made)).views).to.equal(-1);
    expect((await stored(other)).views).to.equal(-1);
  });

  it('let a receiver of preSave change what is validated again, without being told of it', async () => {
    watch();
    const made = await page();
    undo.push(
      preSave.connect(
        ({ instance }) => {
          instance.slug = instance.slug.toUpperCase();
        },
        { sender: Page },
      ),
    );
    sent = [];

    const error = await rejectionOf(made.update({ title: 'B' }));

    expect(error).to.be.instanceOf(ValidationError);
    expect(sent).to.deep.equal(['preValidate B', 'postValidate B', 'preSave B']);
  });

  it('end with preValidate for an instance that is not valid', async () => {
    watch();

    await rejectionOf(Page.create({ title: 'A', slug: 'LOUD' }));
    await rejectionOf(Page.build({ title: 'B' }).validate());

    expect(sent).to.deep.equal(['preValidate A', 'preValidate B']);
  });

  for (const signal of [preValidate, postValidate]) {
    it(`let the error of a receiver of ${signal.name} out as it is, with nothing written (D-114)`, async () => {
      const thrown = new Error('refused');
      onValidate(signal, () => Promise.reject(thrown));
      undo.push(preSave.connect(() => void sent.push('preSave'), { sender: Page }));

      expect(await rejectionOf(page())).to.equal(thrown);
      expect(
        await rejectionOf(
          Page.bulkCreate([{ slug: 'a' }, { slug: 'b' }], {
            individualHooks: true,
            validate: true,
          }),
        ),
      ).to.equal(thrown);

      expect(sent).to.deep.equal([]);
      expect(await Page.count()).to.equal(0);
    });
  }

  it('come after the hooks of the application, as preSave does', async () => {
    const Hooked = sequelize.define(
      'Hooked',
      {},
      {
        hooks: {
          beforeValidate: () => void sent.push('beforeValidate'),
          afterValidate: () => void sent.push('afterValidate'),
        },
      },
    );
    await Hooked.sync({ force: true });
    for (const signal of [preValidate, postValidate]) {
      undo.push(signal.connect(() => void sent.push(signal.name), { sender: Hooked }));
    }

    await Hooked.create({});

    expect(sent).to.deep.equal(['beforeValidate', 'preValidate', 'afterValidate', 'postValidate']);
  });

  describe('of many rows', () => {
    const ROWS = [
      { title: 'A', slug: 'a' },
      { title: 'B', slug: 'b' },
    ];

    it('are sent for none by themselves', async () => {
      watch();

      await Page.bulkCreate(ROWS, { validate: true });
      await Page.bulkCreate(ROWS, { individualHooks: true, hooks: false, validate: true });
      await Page.update({ views: 2 }, { where: {} });
      await Page.upsert({ title: 'C', slug: 'c' });

      expect(sent).to.deep.equal([]);
    });

    it('are sent for those that are validated with individualHooks, one after another (J-21)', async () => {
      watch();
      undo.push(preValidate.connect(() => new Promise(setImmediate), { sender: Page }));

      await Page.bulkCreate(ROWS, { individualHooks: true, validate: true });

      const [one, two] = ['A', 'B'].map((title) => [
        [`preValidate ${title}`, `postValidate ${title}`],
        [`preSave ${title}`, `postSave ${title}`],
      ]);
      expect(sent).to.deep.equal([one?.[0], two?.[0], one?.[1], two?.[1]].flat());
    });

    it('are sent once for each where preBulkCreate has it validated before', async () => {
      watch();
      fillSlug();
      undo.push(
        preBulkCreate.connect(
          ({ instances }) => {
            sent.push(`preBulkCreate ${instances.map(({ slug }) => slug).join()}`);
            for (const one of instances) one.views = 5;
          },
          { sender: Page },
        ),
      );

      await Page.bulkCreate([{ title: 'A' }, { title: 'B' }], {
        individualHooks: true,
        validate: true,
      });

      expect(sent.slice(0, 5)).to.deep.equal([
        ...['preValidate A', 'postValidate A', 'preValidate B', 'postValidate B'],
        'preBulkCreate a,b',
      ]);
      expect(sent).to.have.length(9);
      expect((await Page.findAll({ order: ['slug'] })).map(({ views }) => views)).to.deep.equal([
        5, 5,
      ]);
    });

    it('tell each row its own faults', async () => {
      const error = await rejectionOf(
        Page.bulkCreate([{ slug: 'A' }, { slug: 'b' }, { slug: 'C' }], {
          individualHooks: true,
          validate: true,
        }),
      );
      onValidate(preValidate, () => {});
      const heard = await rejectionOf(
        Page.bulkCreate([{ slug: 'A' }, { slug: 'b' }, { slug: 'C' }], {
          individualHooks: true,
          validate: true,
        }),
      );

      const slugs = ({ errors }: { errors?: { record: Page }[] }) =>
        errors?.map(({ record }) => record.slug);
      expect(slugs(error as object)).to.deep.equal(['A', 'C']);
      expect(slugs(heard as object)).to.deep.equal(['A', 'C']);
    });

    it('do not wait for one another where a hook hands its options on', async () => {
      const seen: string[] = [];
      onValidate(preValidate, (one) => seen.push(one.slug));
      const hook = async (one: Model, options: object) => {
        if ((one as Page).slug !== 'c') await Page.build({ slug: 'c' }).validate(options);
      };
      Page.addHook('beforeValidate', 'handing on', hook as never);
      try {
        await Page.bulkCreate(ROWS, { individualHooks: true, validate: true });
      } finally {
        Page.removeHook('beforeValidate', 'handing on');
      }

      expect(seen.filter((slug) => slug !== 'c')).to.deep.equal(['a', 'b']);
    });
  });
});
