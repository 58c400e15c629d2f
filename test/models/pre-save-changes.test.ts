import { expect } from 'chai';
import { DataTypes, Model, type Sequelize, ValidationError } from 'sequelize';
import { type Connection, install, postSave, preSave, type Undo } from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';
import { Statements } from '../support/statements.js';

class Page extends Model {
  declare id: number;
  declare title: string;
  declare views: number;
  declare meta: { tags?: string[]; by?: string };
  declare body: Buffer;
  declare publishedAt: Date;
  declare version: number;
  declare updatedAt: Date;
}
class Word extends Model {
  declare text: string;
}

describeOnEachDatabase('what receivers of preSave change', (database) => {
  const statements = new Statements();
  const LONG_AGO = new Date('2001-02-03T04:05:06Z');
  let sequelize: Sequelize;
  let connection: Connection;
  let page: Page;
  let undos: Undo[] = [];

  before(async () => {
    sequelize = database.connect({ logging: statements.log });
    connection = install(sequelize);
    defineModels();
    await sequelize.sync({ force: true });
  });
  beforeEach(async () => {
    await Page.destroy({ where: {} });
    const values = { title: 'Home', views: 0, meta: { tags: ['new'] }, body: Buffer.from('hello') };
    const times = { publishedAt: LONG_AGO, updatedAt: LONG_AGO };
    page = await Page.create({ ...values, ...times }, { silent: true });
    await page.reload();
    statements.clear();
  });
  afterEach(() => {
    for (const undo of undos) undo();
    undos = [];
  });
  after(() => connection.uninstall());

  function defineModels(): void {
    Page.init(
      {
        title: { type: DataTypes.STRING, validate: { notEmpty: true } },
        views: DataTypes.INTEGER,
        meta: { type: DataTypes.JSON, validate: { hasAuthor } },
        body: DataTypes.BLOB,
        publishedAt: DataTypes.DATE,
      },
      { sequelize, modelName: 'Page', version: true },
    );
    Word.init({ text: DataTypes.STRING }, { sequelize, modelName: 'Word', timestamps: false });
  }

  function hasAuthor(meta: Page['meta'] | null): void {
    if (meta?.by === '') throw new Error('an author needs a name');
  }

  function inPreSave(change: (instance: Page) => unknown): void {
    undos.push(preSave.connect(({ instance }) => void change(instance), { sender: Page }));
  }

  const stored = () => Page.findByPk(page.id, { rejectOnEmpty: true });

  describe('in a save that would write nothing', () => {
    beforeEach(() => {
      inPreSave((instance) => {
        instance.views += 1;
      });
    });

    it('is written with the time of the update and the version (D-113)', async () => {
      await page.save();

      const row = await stored();
      expect(row.get()).to.include({ views: 1, version: 1 });
      expect(row.updatedAt).to.be.greaterThan(LONG_AGO);
      // MySQL stores no milliseconds.
      expect(+page.updatedAt).to.be.closeTo(+row.updatedAt, 1000);
      expect(page).to.include({ version: 1 });
      expect(page.changed()).to.equal(false);
    });

    it('is written so by an update() to what is there', async () => {
      await page.update({ title: 'Home' });

      const row = await stored();
      expect(row.get()).to.include({ views: 1, version: 1 });
      expect(row.updatedAt).to.be.greaterThan(LONG_AGO);
    });

    it('is written without the time by a silent one', async () => {
      await page.save({ silent: true });

      const row = await stored();
      expect(row.get()).to.include({ views: 1, version: 1 });
      expect(row.updatedAt).to.deep.equal(LONG_AGO);
    });

    it('keeps the lock on the version', async () => {
      await Page.increment('views', { where: {} });

      expect((await rejectionOf(page.save())).name).to.equal('SequelizeOptimisticLockError');
    });
  });

  it('keeps the time of the update that a receiver sets', async () => {
    const then = new Date('2010-01-01T00:00:00Z');
    inPreSave((instance) => instance.setDataValue('updatedAt', then));

    await page.save();

    expect((await stored()).updatedAt).to.deep.equal(then);
  });

  it('is nothing to write when receivers change nothing', async () => {
    inPreSave(() => {});

    await page.save();
    await page.update({ views: 0 });

    expect(statements.all).to.deep.equal([]);
    expect((await stored()).version).to.equal(0);
  });

  it('is written where the model has neither times nor a version', async () => {
    const word = await Word.create({ text: 'a' });
    using _undo = preSave.connect(({ instance }) => void instance.set('text', 'b'), {
      sender: Word,
    });

    await word.save();

    expect(await Word.count({ where: { text: 'b' } })).to.equal(1);
  });

  for (const [how, save] of [
    ['save()', (instance: Page) => instance.save()],
    ['update()', (instance: Page) => instance.update({ views: 2 })],
  ] as const) {
    describe(`in place, by ${how}`, () => {
      it('is written of JSON', async () => {
        inPreSave(({ meta }) => meta.tags?.push('seen'));

        await save(page);

        expect((await stored()).meta).to.deep.equal({ tags: ['new', 'seen'] });
        expect(page.changed()).to.equal(false);
      });

      it('is written of bytes and dates', async () => {
        inPreSave(({ body, publishedAt }) => {
          body.write('J');
          publishedAt.setUTCFullYear(2024);
        });

        await save(page);

        const { body, publishedAt } = await stored();
        expect(String(body)).to.equal('Jello');
        expect(publishedAt).to.deep.equal(new Date('2024-02-03T04:05:06Z'));
      });

      it('is validated', async () => {
        inPreSave(({ meta }) => {
          meta.by = '';
        });

        expect(await rejectionOf(save(page))).to.be.instanceOf(ValidationError);
        expect((await stored()).meta).to.deep.equal({ tags: ['new'] });
      });
    });
  }

  it('is known to postSave with what it was before', async () => {
    const previous: unknown[] = [];
    inPreSave(({ meta }) => meta.tags?.push('seen'));
    const look = (instance: Page) => {
      previous.push(instance.changed('meta'), instance.previous('meta'));
    };
    undos.push(postSave.connect(({ instance }) => look(instance), { sender: Page }));

    await page.save();

    expect(previous).to.deep.equal([true, { tags: ['new'] }]);
  });

  it('is left for a later save where the caller named other fields, in place too', async () => {
    inPreSave(({ meta }) => meta.tags?.push('seen'));

    page.title = 'Start';
    await page.save({ fields: ['title'] });
    expect((await stored()).meta).to.deep.equal({ tags: ['new'] });

    expect(page.changed()).to.deep.equal(['meta']);
  });

  it('is written of a value that was set earlier and not to be saved, and validated', async () => {
    inPreSave((instance) => {
      instance.title = instance.title.trim();
    });

    page.title = ' Start ';
    await page.update({ views: 2 });
    expect((await stored()).title).to.equal('Start');

    page.title = ' ';
    expect(await rejectionOf(page.update({ views: 3 }))).to.be.instanceOf(ValidationError);
  });

  it('leaves alone what the application set and receivers did not', async () => {
    inPreSave((instance) => {
      instance.views += 1;
    });

    page.title = 'Start';
    await page.update({ views: 0 });

    expect((await stored()).get()).to.include({ title: 'Home', views: 1, version: 1 });
    expect(page.changed()).to.deep.equal(['title']);
  });
});
