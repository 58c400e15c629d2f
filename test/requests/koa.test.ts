import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import Router from '@koa/router';
import { expect } from 'chai';
import Koa from 'koa';
import { type Connection, InvalidArgumentError, install, transaction } from 'sequelize-signals';
import { atomicRequests, atomicView, nonAtomic } from 'sequelize-signals/koa';
import { failCommit } from 'sequelize-signals/testing';
import { describeOnEachDatabase } from '../support/databases.js';
import { deferred } from '../support/deferred.js';
import { Ledger } from '../support/ledger.js';
import { captureLog } from '../support/logged.js';
import { expectIdlePool } from '../support/pool.js';
import { Site } from '../support/site.js';

describeOnEachDatabase('Koa 3', (database) => {
  let connection: Connection;
  let ledger: Ledger;
  let app: Koa;
  let site: Site | undefined;
  let inBlock: boolean[];
  captureLog();

  before(async () => {
    connection = install(database.connect());
    ledger = await Ledger.open(connection.sequelize);
  });
  beforeEach(async () => {
    await ledger.clear();
    inBlock = [];
    app = new Koa();
    app.silent = true;
  });
  afterEach(async () => {
    await site?.close();
    site = undefined;
    expectIdlePool(connection.sequelize);
  });
  after(() => connection.uninstall());

  const note = () => void inBlock.push(transaction.inAtomicBlock());

  async function open(): Promise<Site> {
    site = await Site.open(createServer(app.callback()));
    return site;
  }

  it('is atomic from where it is put (D-275)', async () => {
    const pass: Koa.Middleware = async (_context, next) => {
      note();
      await next();
      note();
    };
    const router = new Router();
    router.get('/', async (context) => {
      note();
      await ledger.do('stored');
      context.body = 'answer';
    });
    app.use(pass).use(atomicRequests()).use(router.routes());

    expect((await (await open()).get()).body).to.equal('answer');

    expect(inBlock).to.deep.equal([false, true, false]);
    await ledger.expectDone(['stored']);
  });

  it('is rolled back by an error, which a middleware may turn into an answer of its own (D-276)', async () => {
    app.use(async (context, next) => {
      try {
        await next();
      } catch (error) {
        note();
        context.body = `handled ${(error as Error).message}`;
      }
    });
    app.use(atomicRequests());
    app.use(async (context) => {
      await ledger.do('undone');
      context.cookies.set('of', 'view');
      context.type = 'json';
      context.body = { stored: true };
      context.throw(404, 'not there');
    });

    const told = await (await open()).get();

    expect(told).to.include({ status: 200, body: 'handled not there' });
    expect(told.headers).not.to.have.property('set-cookie');
    expect(told.headers['content-type']).to.contain('text/plain');
    expect(inBlock).to.deep.equal([false]);
    await ledger.expectDone([]);
  });

  it('answers nothing of a view whose COMMIT failed, where a middleware answers nothing', async () => {
    app.use((_context, next) => next().catch(() => {}));
    app.use(atomicRequests());
    app.use(async (context) => {
      await ledger.do('undone');
      context.body = Readable.from(['answer']);
    });
    failCommit({ error: new Error('disk full') });

    expect(await (await open()).get()).to.include({ status: 404, body: 'Not Found' });

    await ledger.expectDone([]);
  });

  it('reads a stream after the COMMIT, which may send queries (D-282)', async () => {
    app.use(atomicRequests());
    app.use(async (context) => {
      await ledger.do('entry');
      context.body = Readable.from(
        (async function* () {
          note();
          yield `rows: ${await ledger.entries.count()}`;
        })(),
      );
    });

    expect((await (await open()).get()).body).to.equal('rows: 1');

    expect(inBlock).to.deep.equal([false]);
  });

  it('waits for what is written by hand, where Koa does not answer', async () => {
    app.use(atomicRequests());
    const later = deferred();
    app.use(async (context) => {
      await ledger.do('stored');
      context.respond = false;
      setImmediate(() => {
        context.res.end('by hand');
        later.resolve();
      });
    });

    expect(await (await open()).get()).to.include({ body: 'by hand' });

    await later.promise;
    await ledger.expectDone(['stored']);
  });

  it('takes a view out that is wrapped by nonAtomic(), on all databases or one (D-280)', async () => {
    const router = new Router();
    const view: Koa.Middleware = async (context) => {
      note();
      context.body = 'answer';
    };
    router.get('/all', nonAtomic(view));
    router.get('/one', nonAtomic(view, { using: 'default' }));
    app.use(atomicRequests()).use(router.routes());
    const opened = await open();

    await opened.get('/all');
    await opened.get('/one');

    expect(inBlock).to.deep.equal([false, false]);
  });

  it('is one block, however often it is put', async () => {
    app.use(atomicRequests()).use(atomicRequests());
    const view = atomicView(async (context: Koa.Context) => {
      await ledger.do('stored');
      const current: { parent?: unknown } = { ...transaction.current() };
      context.body = String(current.parent);
    });
    app.use(view);

    expect((await (await open()).get()).body).to.equal('undefined');

    await ledger.expectDone(['stored']);
  });

  it('keeps what is on a view, and refuses what there is not', () => {
    const view = Object.assign((_context: Koa.Context) => {}, { docs: 'of the view' });

    expect(atomicView(view)).to.include({ name: view.name, length: 1, docs: 'of the view' });
    expect(() => atomicRequests({ retry: { times: 1 } })).to.throw(InvalidArgumentError, 'once');
    expect(() => atomicRequests({ gracee: 1 } as object)).to.throw(InvalidArgumentError);
    expect(() => atomicView(1 as never)).to.throw(InvalidArgumentError);
    expect(() => nonAtomic(view, { usin: 'x' } as object)).to.throw(InvalidArgumentError);
  });
});
