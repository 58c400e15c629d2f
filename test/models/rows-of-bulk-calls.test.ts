import { expect } from 'chai';
import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
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
  preBulkUpdate,
  preDelete,
  preSave,
  SignalsError,
  transaction,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';
import { Statements } from '../support/statements.js';

type Row = Model & Record<string, unknown>;
type Table = ModelStatic<Row>;

describeOnEachDatabase('rows of bulk calls', (database) => {
  const statements = new Statements();
  let sequelize: Sequelize;
  let connection: Connection;
  let Job: Table;
  let Draft: Table;
  let Pair: Table;
  let Note: Table;
  let Page: Table;
  let undo: (() => unknown)[];

  before(async () => {
    sequelize = database.connect({ logging: statements.log });
    connection = install(sequelize);
    const timeless = { timestamps: false };
    Job = sequelize.define<Row>(
      'Job',
      {
        name: { type: DataTypes.STRING, unique: true },
        state: DataTypes.STRING,
        rank: { type: DataTypes.INTEGER, field: 'order_of', validate: { max: 99 } },
        by: DataTypes.STRING,
        meta: DataTypes.JSON,
      },
      { ...timeless, scopes: { old: { where: { state: 'old' } } } },
    );
    Draft = sequelize.define<Row>(
      'Draft',
      { title: DataTypes.STRING, by: { type: DataTypes.INTEGER, field: 'deleted_by' } },
      { paranoid: true },
    );
    Pair = sequelize.define<Row>(
      'Pair',
      {
        one: { type: DataTypes.INTEGER, primaryKey: true, field: 'first' },
        two: { type: DataTypes.INTEGER, primaryKey: true },
        n: DataTypes.INTEGER,
      },
      timeless,
    );
    Note = sequelize.define<Row>(
      'Note',
      { text: DataTypes.STRING, n: DataTypes.INTEGER },
      timeless,
    );
    Note.removeAttribute('id');
    Page = sequelize.define<Row>('Page', { n: DataTypes.INTEGER }, { version: true });
    await sequelize.sync({ force: true });
  });
  beforeEach(async () => {
    undo = [];
    for (const model of [Job, Draft, Pair, Note, Page]) {
      await model.destroy({ where: {}, force: true, hooks: false });
    }
    await Job.bulkCreate([
      { name: 'a', state: 'new', rank: 1 },
      { name: 'b', state: 'new', rank: 2 },
      { name: 'c', state: 'old', rank: 3 },
    ]);
    statements.clear();
  });
  afterEach(() => {
    for (const disconnect of undo) disconnect();
    for (const type of ['beforeBulkUpdate', 'beforeBulkDestroy', 'afterUpdate'] as const) {
      Job.removeHook(type, 'test');
    }
  });
  after(() => connection.uninstall());

  const names = (rows: readonly Row[]): unknown[] => rows.map(({ name }) => name).sort();
  const jobs = (): Promise<Row[]> => Job.findAll({ order: ['name'] });
  const stored = async (...fields: string[]): Promise<unknown[]> =>
    (await jobs()).map((job) => fields.map((field) => job[field]));

  /** Connects for the rest of the test. */
  function connect(signal: unknown, sender: Table, receiver: (row: Row) => unknown): void {
    const called = (event: object) => receiver((event as { readonly instance: Row }).instance);
    undo.push((signal as ModelSignal).connect(called, { sender }));
  }
  /** The rows that a signal is going to tell of. */
  function told(signal: unknown, model: Table): Row[] {
    const rows: Row[] = [];
    connect(signal, model, (row) => rows.push(row));
    return rows;
  }
  const isRefused = (error: Error, code: string): void => {
    expect(error).to.be.instanceOf(SignalsError);
    expect(error).to.have.property('code', code);
  };

  describe('Model.update() with individualHooks', () => {
    const individualHooks = true;

    it('locks the rows and writes those in one statement, in a block', async () => {
      told(postSave, Job);

      await Job.update({ state: 'done' }, { where: { state: 'new' }, individualHooks });

      const verbs = statements.verbs();
      const sent = ['BEGIN', 'SELECT', 'UPDATE', 'COMMIT'];
      // MySQL and MariaDB do not count rows that have their values already.
      const looked = ['mysql', 'mariadb'].includes(database.dialect);
      expect(verbs).to.deep.equal(looked ? sent.toSpliced(3, 0, 'SELECT') : sent);
    });

    it('writes all that preSave sets in each row', async () => {
      connect(preSave, Job, (job) => {
        job.by = `by ${job.name}`;
        job.rank = (job.rank as number) * 10;
      });
      const rows = told(postSave, Job);

      await Job.update({ state: 'done' }, { where: { state: 'new' }, individualHooks });

      expect(await stored('state', 'by', 'rank')).to.deep.equal([
        ['done', 'by a', 10],
        ['done', 'by b', 20],
        ['old', null, 3],
      ]);
      expect(rows.map(({ by }) => by).sort()).to.deep.equal(['by a', 'by b']);
    });

    it('writes what preSave sets in one row only', async () => {
      connect(preSave, Job, (job) => {
        if (job.name === 'b') job.by = 'me';
      });

      await Job.update({ state: 'done' }, { where: { state: 'new' }, individualHooks });

      expect(await stored('state', 'by')).to.deep.equal([
        ['done', null],
        ['done', 'me'],
        ['old', null],
      ]);
    });

    if (['sqlite', 'postgres'].includes(database.dialect)) {
      it('writes what preSave changes in place', async () => {
        await Job.update({ meta: { seen: 0 } }, { where: {}, hooks: false });
        connect(preSave, Job, (job) => {
          (job.meta as { seen: unknown }).seen = job.name;
        });

        await Job.update({ state: 'done' }, { where: { state: 'new' }, individualHooks });

        expect(await stored('meta')).to.deep.equal([
          [{ seen: 'a' }],
          [{ seen: 'b' }],
          [{ seen: 0 }],
        ]);
      });
    }

    it('is as it was before when its block is undone', async () => {
      const rows = told(postSave, Job);
      const block = atomic(async () => {
        await Job.update({ state: 'done' }, { where: { state: 'new' }, individualHooks });
        throw new Error('undone');
      });

      await rejectionOf(block);

      expect(rows.map(({ state }) => state)).to.deep.equal(['new', 'new']);
      expect(rows.map((row) => row.changed())).to.deep.equal([false, false]);
    });

    it('writes none but the fields that the caller named', async () => {
      connect(preSave, Job, (job) => {
        job.by = `by ${job.name}`;
        job.state = `${job.state} by ${job.name}`;
      });
      undo.push(preBulkUpdate.connect(({ values }) => void Object.assign(values, { rank: 9 })));
      const values: unknown[] = [];
      undo.push(postBulkUpdate.connect((event) => void values.push(event.values)));

      await Job.update({ state: 'done' }, { where: {}, fields: ['state'], individualHooks });
      await Job.update({ state: 'new' }, { where: {}, fields: ['state'], hooks: true });

      expect(await stored('state', 'by', 'rank')).to.deep.equal([
        ['new', null, 1],
        ['new', null, 2],
        ['new', null, 3],
      ]);
      expect(values).to.deep.equal([{ state: 'done' }, { state: 'new' }]);
    });

    it('tells what was changed, as save() does (sequelize#15031)', async () => {
      const seen: unknown[] = [];
      undo.push(
        postSave.connect(
          ({ instance }) => {
            seen.push([instance.changed(), instance.previous('rank'), instance.rank]);
          },
          { sender: Job },
        ),
      );

      const [, mixed] = await Job.update({ rank: 1 }, { where: {}, individualHooks } as never);
      const [, alike] = await Job.update({ rank: 7 }, { where: {}, individualHooks } as never);

      expect(seen).to.have.deep.members([
        ...[
          [false, 1, 1],
          [['rank'], 2, 1],
          [['rank'], 3, 1],
        ],
        ...[1, 2, 3].map(() => [['rank'], 1, 7]),
      ]);
      const rows = [...(mixed as Row[]), ...(alike as Row[])];
      expect(rows.map((row) => row.changed())).to.deep.equal(rows.map(() => false));
    });

    it('does not call the time of the update changed, and tells none that is not stored', async () => {
      await Page.bulkCreate([{ n: 1 }, { n: 1 }]);
      const [before] = await Page.findAll();
      const rows = told(postSave, Page);
      connect(preSave, Page, (page) => expect(page.changed()).to.deep.equal(false));

      const [count] = await Page.update({ n: 1 }, { where: {}, individualHooks });

      expect(count).to.equal(0);
      const page = await Page.findByPk(before?.get('id') as number);
      const same = rows.find((row) => row.get('id') === before?.get('id'));
      expect(same?.updatedAt).to.deep.equal(page?.updatedAt);
    });

    it('tells of the rows within a limit alone, and in an order (D-168)', async () => {
      const rows = told(postSave, Job);

      const [count] = await Job.update({ by: 'me' }, {
        ...{ where: {}, limit: 1, order: [['rank', 'DESC']] },
        individualHooks,
      } as never);

      const written = (await jobs()).filter(({ by }) => by === 'me');
      // Sequelize leaves the limit of an update out on PostgreSQL.
      expect(written).to.have.length(database.dialect === 'postgres' ? 3 : 1);
      expect(names(rows)).to.deep.equal(names(written));
      expect(names(written)).to.include('c');
      expect(count).to.equal(written.length);
    });

    it('tells of the rows within a limit when they differ, too (D-168)', async () => {
      const rows = told(postSave, Job);
      connect(preSave, Job, (job) => {
        job.by = `by ${job.name}`;
      });

      await Job.update({ state: 'done' }, { where: {}, limit: 2, individualHooks });

      const written = (await jobs()).filter(({ by }) => by !== null);
      expect(names(rows)).to.deep.equal(names(written));
      expect(written).to.have.length(database.dialect === 'postgres' ? 3 : 2);
    });

    it('hands out the rows that it told of, with what is stored where returning asks for it', async () => {
      const rows = told(postSave, Job);
      const rank = sequelize.literal('order_of + 1') as unknown as number;

      const [count, returned] = await Job.update(
        { rank },
        { where: { state: 'new' }, individualHooks, returning: true },
      );

      expect(count).to.equal(2);
      expect(returned).to.have.members(rows);
      expect(rows.map((row) => [row.name, row.rank])).to.have.deep.members([
        ['a', 2],
        ['b', 3],
      ]);
    });

    it('writes keys of several columns, and many of them', async () => {
      const many = Array.from({ length: 1200 }, (_, two) => ({ one: two % 3, two, n: 0 }));
      await Pair.bulkCreate(many);
      const rows = told(postSave, Pair);

      const [count] = await Pair.update({ n: 1 }, { where: { one: [0, 1] }, individualHooks });

      expect(count).to.equal(800);
      expect(rows).to.have.length(800);
      expect(await Pair.count({ where: { n: 1 } })).to.equal(800);
    });

    it('writes rows without a key at once, and refuses what only a key could tell', async () => {
      await Note.bulkCreate([
        { text: 'a', n: 1 },
        { text: 'b', n: 2 },
      ]);
      const rows = told(postSave, Note);

      await Note.update({ text: 'c' }, { where: {}, individualHooks });
      expect(rows).to.have.length(2);
      expect(await Note.count({ where: { text: 'c' } })).to.equal(2);

      if (database.dialect !== 'postgres') {
        const limited = Note.update({ text: 'd' }, { where: {}, limit: 1, individualHooks });
        isRefused(await rejectionOf(limited), 'SIGNALS_UNKNOWN_ROWS');
      }
      connect(preSave, Note, (note) => {
        note.text = `${note.n}`;
      });
      const differing = Note.update({ text: 'd' }, { where: {}, individualHooks });
      isRefused(await rejectionOf(differing), 'SIGNALS_UNKNOWN_ROWS');
      expect(await Note.count({ where: { text: 'c' } })).to.equal(2);
    });

    it('refuses to give a row another key beside other rows', async () => {
      connect(preSave, Job, (job) => {
        job.setDataValue('id', (job.id as number) + 1000);
      });

      const update = Job.update({ state: 'done' }, { where: {}, individualHooks });

      isRefused(await rejectionOf(update), 'SIGNALS_UNKNOWN_ROWS');
      expect(await Job.count({ where: { state: 'done' } })).to.equal(0);
    });

    it('counts versions up where rows differ, as Sequelize does', async () => {
      await Page.bulkCreate([{ n: 1 }, { n: 2 }]);
      const rows = told(postSave, Page);
      connect(preSave, Page, (page) => {
        page.n = (page.n as number) + (page.id as number);
      });

      await Page.update({ n: 5 }, { where: {}, individualHooks });

      const pages = await Page.findAll({ order: ['id'] });
      expect(pages.map(({ version }) => version)).to.deep.equal([1, 1]);
      expect(rows.map(({ version }) => version)).to.deep.equal([1, 1]);
    });

    it('is undone as one when a receiver fails', async () => {
      undo.push(
        postSave.connect(
          ({ instance }) => {
            if (instance.get('name') === 'b') throw new Error('boom');
          },
          { sender: Job },
        ),
      );

      const error = await rejectionOf(
        Job.update({ state: 'done' }, { where: { state: 'new' }, individualHooks }),
      );

      expect(error.message).to.equal('boom');
      expect(await stored('state')).to.deep.equal([['new'], ['new'], ['old']]);
    });

    it('fails, and is undone, when a row has gone that it told of', async () => {
      for (const isDifferent of [false, true]) {
        const off = preSave.connect(
          async ({ instance }) => {
            if (isDifferent) instance.by = `by ${instance.name}`;
            if (instance.name === 'a') await Job.destroy({ where: { name: 'b' }, hooks: false });
          },
          { sender: Job },
        );

        const update = Job.update({ state: 'done' }, { where: {}, individualHooks });

        isRefused(await rejectionOf(update), 'SIGNALS_ROWS_CHANGED');
        expect(await stored('state')).to.deep.equal([['new'], ['new'], ['old']]);
        off();
      }
    });

    if (!database.hasOneConnection && database.dialect !== 'sqlite') {
      it('keeps others from the rows between the signals', async () => {
        const others: Promise<[number]>[] = [];
        connect(preSave, Job, () => {
          if (others.length > 0) return;
          const taking = transaction.outside(() =>
            Job.update({ state: 'gone' }, { where: { state: 'new' }, hooks: false }),
          );
          others.push(taking as Promise<[number]>);
        });
        const rows = told(postSave, Job);

        await Job.update({ state: 'done' }, { where: { state: 'new' }, individualHooks });

        expect((await Promise.all(others))[0]?.[0]).to.equal(0);
        expect(rows.map(({ state }) => state)).to.deep.equal(['done', 'done']);
        expect(await stored('state')).to.deep.equal([['done'], ['done'], ['old']]);
      });
    }

    it('does the same where a hook of the application asks for it', async () => {
      Job.addHook('beforeBulkUpdate', 'test', (options: object) => {
        Object.assign(options, { individualHooks: true });
      });
      connect(preSave, Job, (job) => {
        job.by = `by ${job.name}`;
      });
      const rows = told(postSave, Job);

      await Job.update({ state: 'done' }, { where: { state: 'new' } });

      expect(names(rows)).to.deep.equal(['a', 'b']);
      expect(await stored('by')).to.deep.equal([['by a'], ['by b'], [null]]);
    });

    it('runs the hooks of the application with the options that were given', async () => {
      told(postSave, Job);
      const seen: unknown[] = [];
      Job.addHook('afterUpdate', 'test', ((job: Row) => seen.push(job.state)) as never);
      Job.addHook('afterBulkUpdate', 'test', ((options: object) =>
        seen.push({ ...options })) as never);
      connect(preSave, Job, (job) => {
        job.by = `by ${job.name}`;
      });

      await Job.update({ state: 'done' }, { where: { state: 'new' }, individualHooks });
      Job.removeHook('afterBulkUpdate', 'test');

      expect(seen.slice(0, 2)).to.deep.equal(['done', 'done']);
      expect(seen[2]).to.deep.include({ attributes: { state: 'done' }, where: { state: 'new' } });
    });

    it('keeps to a scope', async () => {
      const rows = told(postSave, Job);

      await Job.scope('old').update({ by: 'me' }, { where: {}, individualHooks });

      expect(names(rows)).to.deep.equal(['c']);
      expect(await stored('by')).to.deep.equal([[null], [null], ['me']]);
    });

    it('sends nothing with hooks: false', async () => {
      const rows = told(postSave, Job);

      await Job.update({ by: 'me' }, { where: {}, individualHooks, hooks: false });

      expect(rows).to.deep.equal([]);
    });
  });

  describe('Model.destroy() with individualHooks', () => {
    const individualHooks = true;

    it('tells of rows that were marked as deleted before, when they go (sequelize#10502)', async () => {
      const [a] = await Draft.bulkCreate([{ title: 'a' }, { title: 'b' }]);
      await Draft.destroy({ where: { title: 'a' } });
      expect(a).not.to.equal(undefined);
      const rows = told(postDelete, Draft);

      await Draft.destroy({ where: {}, force: true, individualHooks });

      expect(rows.map(({ title }) => title).sort()).to.deep.equal(['a', 'b']);
      expect(await Draft.count({ paranoid: false })).to.equal(0);
    });

    it('tells of no row twice that stays marked', async () => {
      await Draft.bulkCreate([{ title: 'a' }, { title: 'b' }]);
      await Draft.destroy({ where: { title: 'a' } });
      const rows = told(postDelete, Draft);

      const count = await Draft.destroy({ where: {}, individualHooks });

      expect(rows.map(({ title }) => title)).to.deep.equal(['b']);
      expect(count).to.equal(1);
    });

    it('stores what preDelete changes in rows that stay, and shows what is stored (sequelize#5795)', async () => {
      await Draft.bulkCreate([{ title: 'a' }, { title: 'b' }]);
      connect(preDelete, Draft, (draft) => {
        if (draft.title === 'a') draft.by = 7;
      });
      const rows = told(postDelete, Draft);

      await Draft.destroy({ where: {}, individualHooks });

      const drafts = await Draft.findAll({ paranoid: false, order: ['title'] });
      expect(drafts.map(({ by }) => by)).to.deep.equal([7, null]);
      const times = (list: Row[]) => list.map(({ title, deletedAt }) => [title, deletedAt]).sort();
      expect(times(rows)).to.deep.equal(times(drafts));
      expect(drafts[0]?.deletedAt).to.be.instanceOf(Date);
    });

    for (const force of [false, true]) {
      it(`tells of the rows within a limit alone, ${force ? 'deleted' : 'marked'} (D-168)`, async () => {
        await Draft.bulkCreate([{ title: 'a' }, { title: 'b' }, { title: 'c' }]);
        const rows = told(postDelete, Draft);

        const count = await Draft.destroy({ where: {}, limit: 2, force, individualHooks });

        const left = (await Draft.findAll()).map(({ title }) => title);
        expect([...rows.map(({ title }) => title), ...left].sort()).to.deep.equal(['a', 'b', 'c']);
        // Sequelize leaves the limit of an update out on PostgreSQL.
        expect(count).to.equal(database.dialect === 'postgres' && !force ? 3 : 2);
      });
    }

    it('deletes all rows of truncate() that it tells of, and refuses what it cannot tell', async () => {
      const rows = told(postDelete, Job);
      const counts: unknown[] = [];
      undo.push(postBulkDelete.connect(({ count }) => void counts.push(count)));

      for (const option of ['cascade', 'restartIdentity']) {
        const truncate = Job.truncate({ [option]: true, individualHooks });
        isRefused(await rejectionOf(truncate), 'SIGNALS_UNKNOWN_ROWS');
      }
      await Job.truncate({ individualHooks });

      expect(names(rows)).to.deep.equal(['a', 'b', 'c']);
      expect(counts).to.deep.equal([3]);
      expect(await Job.count()).to.equal(0);
    });

    it('deletes rows without a key, unless a limit would leave some', async () => {
      await Note.bulkCreate([{ text: 'a' }, { text: 'b' }]);
      const rows = told(postDelete, Note);

      const limited = Note.destroy({ where: {}, limit: 1, individualHooks });
      isRefused(await rejectionOf(limited), 'SIGNALS_UNKNOWN_ROWS');
      await Note.destroy({ where: { text: 'a' }, individualHooks });

      expect(rows.map(({ text }) => text)).to.deep.equal(['a']);
      expect(await Note.count()).to.equal(1);
    });

    it('fails, and is undone, when a row has gone that it told of', async () => {
      connect(preDelete, Job, ({ name }) =>
        name === 'a' ? Job.destroy({ where: { name: 'b' }, hooks: false }) : undefined,
      );

      const error = await rejectionOf(Job.destroy({ where: {}, individualHooks }));

      isRefused(error, 'SIGNALS_ROWS_CHANGED');
      expect(await Job.count()).to.equal(3);
    });

    it('does the same where a hook of the application asks for it', async () => {
      Job.addHook('beforeBulkDestroy', 'test', (options: object) => {
        Object.assign(options, { individualHooks: true });
      });
      const rows = told(postDelete, Job);

      await Job.destroy({ where: { state: 'new' }, limit: 1 });

      expect(rows).to.have.length(1);
      expect(await Job.count()).to.equal(2);
    });

    it('sends nothing with hooks: false', async () => {
      const rows = told(postDelete, Job);

      await Job.destroy({ where: {}, individualHooks, hooks: false });

      expect(rows).to.deep.equal([]);
    });
  });

  describe('increment() and decrement()', () => {
    it('tell the condition of the scope', async () => {
      const wheres: unknown[] = [];
      undo.push(preBulkUpdate.connect(({ where }) => void wheres.push(where), { sender: Job }));

      await Job.scope('old').increment('rank', { where: { name: 'c' } });
      await Job.scope('old').decrement(['rank'], { where: {}, by: 2 });
      const job = await Job.scope('old').findOne({ rejectOnEmpty: true });
      await job.increment({ rank: 5 });

      const old = { state: 'old' };
      expect(wheres).to.deep.equal([{ ...old, name: 'c' }, old, { ...old, id: job.id }]);
      expect(await stored('rank')).to.deep.equal([[1], [2], [7]]);
    });

    it('write what preBulkUpdate sets, and tell it', async () => {
      undo.push(
        preBulkUpdate.connect(({ values }) => {
          Object.assign(values, { by: 'me', hobby: 'maths' });
        }),
      );
      const job = await Job.findOne({ where: { name: 'b' }, rejectOnEmpty: true });

      await Job.increment('rank', { where: { name: 'a' } });
      await job.decrement('rank', { by: 2 });

      expect(await stored('rank', 'by')).to.deep.equal([
        [2, 'me'],
        [0, 'me'],
        [3, null],
      ]);
    });
  });

  describe('bulkCreate()', () => {
    it('sends preBulkCreate after validation, as preSave is sent', async () => {
      const sent: unknown[] = [];
      undo.push(preBulkCreate.connect(({ instances }) => void sent.push(instances.length)));
      const values = [{ rank: 100 }, { rank: 1 }, { rank: 101 }];

      const error = await rejectionOf(Job.bulkCreate(values, { validate: true }));

      expect(error.name).to.equal('AggregateError');
      expect(error).to.have.property('errors').that.has.length(2);
      expect((error as unknown as { errors: Error[] }).errors[0]).to.have.property('record');
      expect(sent).to.deep.equal([]);
      await Job.bulkCreate([{ rank: 98 }], { validate: true });
      expect(sent).to.deep.equal([1]);
    });

    it('validates what preBulkCreate changes', async () => {
      undo.push(
        preBulkCreate.connect(({ instances }) => {
          for (const row of instances as Row[]) row.rank = 100;
        }),
      );

      const error = await rejectionOf(Job.bulkCreate([{ rank: 1 }], { validate: true }));

      expect(error.name).to.equal('AggregateError');
    });

    it('writes what preBulkCreate sets to rows that are there, too (sequelize#5310)', async () => {
      undo.push(
        preBulkCreate.connect(({ instances }) => {
          for (const row of instances as Row[]) row.by = 'me';
        }),
      );
      const values = [
        { name: 'a', state: 'x' },
        { name: 'd', state: 'x' },
      ];

      await Job.bulkCreate(values, { updateOnDuplicate: ['state'] });

      expect(await stored('name', 'state', 'by', 'rank')).to.deep.include.members([
        ['a', 'x', 'me', 1],
        ['d', 'x', 'me', null],
      ]);
    });

    it('writes none but the fields that the caller named', async () => {
      undo.push(
        preBulkCreate.connect(({ instances }) => {
          for (const row of instances as Row[]) row.by = 'me';
        }),
      );

      await Job.bulkCreate([{ name: 'd', rank: 1 }], { fields: ['name', 'rank'] });
      await Job.bulkCreate([{ name: 'a', rank: 5 }], {
        ...{ fields: ['name', 'rank'], updateOnDuplicate: ['rank'] },
      });

      expect(await stored('name', 'by', 'rank')).to.deep.include.members([
        ['d', null, 1],
        ['a', null, 5],
      ]);
    });

    it('refuses what would empty a field of rows that are there', async () => {
      undo.push(
        preBulkCreate.connect(({ instances: [first] }) => {
          (first as Row).by = 'me';
        }),
      );

      const create = Job.bulkCreate([{ name: 'a' }, { name: 'b' }], {
        updateOnDuplicate: ['name'],
      });

      isRefused(await rejectionOf(create), 'SIGNALS_UNKNOWN_ROWS');
    });

    it('tells no key of another row with ignoreDuplicates', async () => {
      const keys: unknown[] = [];
      undo.push(
        postBulkCreate.connect(({ instances }) => {
          for (const row of instances as Row[]) keys.push([row.name, row.state, row.id ?? null]);
        }),
      );
      const values = ['a', 'd', 'e'].map((name) => ({ name, state: 'x' }));

      await Job.bulkCreate(values, { ignoreDuplicates: true });
      const told = keys.splice(0);
      await Job.bulkCreate([{ name: 'f', state: 'x' }], { ignoreDuplicates: true });

      expect(told).to.deep.equal([
        ['a', 'x', null],
        ['d', 'x', null],
        ['e', 'x', null],
      ]);
      const f = await Job.findOne({ where: { name: 'f' } });
      expect(keys).to.deep.equal([['f', 'x', f?.id]]);
    });

    it('tells the keys of the rows that it updates', async () => {
      const keys: unknown[] = [];
      undo.push(
        postBulkCreate.connect(({ instances }) => {
          for (const row of instances as Row[]) keys.push([row.id, row.name]);
        }),
      );
      const values = ['d', 'a', 'e', 'c'].map((name) => ({ name, rank: 7 }));

      await Job.bulkCreate(values, { updateOnDuplicate: ['rank'] });

      const rows = await Job.findAll({ where: { rank: 7 } });
      expect(keys).to.have.deep.members(rows.map(({ id, name }) => [id, name]));
      expect(rows).to.have.length(4);
    });

    it('refuses individualHooks with updateOnDuplicate, as nobody tells which rows are created', async () => {
      told(postSave, Job);
      const sent: unknown[] = [];
      undo.push(preBulkCreate.connect((event) => void sent.push(event)));

      const create = Job.bulkCreate([{ name: 'a' }], {
        ...{ updateOnDuplicate: ['name'], individualHooks: true },
      });

      isRefused(await rejectionOf(create), 'SIGNALS_UNKNOWN_ROWS');
      expect(sent).to.deep.equal([]);
    });

    it('tells of no row as created that is there, with individualHooks and ignoreDuplicates', async () => {
      const rows = told(postSave, Job);
      const values = [{ name: 'd' }, { name: 'a' }];

      const error = await rejectionOf(
        Job.bulkCreate(values, { ignoreDuplicates: true, individualHooks: true }),
      );

      expect(error.name).to.equal('SequelizeUniqueConstraintError');
      expect(names(rows)).to.deep.equal(['d']);
    });

    it('sends nothing with hooks: false', async () => {
      const rows = told(postSave, Job);

      await Job.bulkCreate([{ name: 'd' }], { individualHooks: true, hooks: false });

      expect(rows).to.deep.equal([]);
      expect(await Job.count()).to.equal(4);
    });
  });

  describe('upsert()', () => {
    it('writes what preBulkCreate sets, unless the caller names other fields', async () => {
      undo.push(
        preBulkCreate.connect(({ instances: [row] }) => {
          (row as Row).rank = 42;
        }),
      );

      await Job.upsert({ name: 'a', by: 'x' });
      await Job.upsert({ name: 'd', by: 'x' });
      await Job.upsert({ name: 'b', by: 'x' }, { fields: ['name', 'by'] });

      expect(await stored('name', 'by', 'rank')).to.deep.equal([
        ['a', 'x', 42],
        ['b', 'x', 2],
        ['c', null, 3],
        ['d', 'x', 42],
      ]);
    });

    it('tells the key of the row that is stored', async () => {
      const keys: unknown[] = [];
      undo.push(postBulkCreate.connect(({ instances: [row] }) => void keys.push((row as Row).id)));

      await Job.upsert({ name: 'a', rank: 5 });
      await Job.upsert({ name: 'd', rank: 6 });

      const ids = (await jobs()).map(({ id }) => id);
      expect(keys).to.deep.equal([ids[0], ids[3]]);
    });
  });
});
