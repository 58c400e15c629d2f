import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import compression from 'compression';
import express, { type Express, type RequestHandler, type Router } from 'express';
import session, { type SessionData, Store } from 'express-session';
import express4 from 'express4';
import { DataTypes, Sequelize } from 'sequelize';
import {
  type Connection,
  configure,
  InvalidArgumentError,
  install,
  onCommit,
  transaction,
} from 'sequelize-signals';
import { atomicRequests, atomicView, nonAtomic, repeatable } from 'sequelize-signals/express';
import { failCommit } from 'sequelize-signals/testing';
import { fake } from 'sinon';
import { describeOnEachDatabase } from '../support/databases.js';
import { deferred } from '../support/deferred.js';
import { Ledger } from '../support/ledger.js';
import { expectIdlePool } from '../support/pool.js';
import { DEADLOCK, refusal } from '../support/refusals.js';
import { rejectionOf } from '../support/rejection.js';
import { Site } from '../support/site.js';

/** Express, of either version, which have the same API here. */
interface ExpressModule {
  (): Express;
  Router(): Router;
}

const VERSIONS: Record<string, ExpressModule> = {
  'Express 5': express,
  'Express 4': express4 as unknown as ExpressModule,
};

for (const [version, make] of Object.entries(VERSIONS)) {
  describeOnEachDatabase(version, (database) => {
    let connection: Connection;
    let ledger: Ledger;
    let app: Express;
    let site: Site | undefined;
    let failed: Error[];
    let inBlock: boolean[];

    before(async () => {
      connection = install(database.connect());
      ledger = await Ledger.open(connection.sequelize);
    });
    beforeEach(async () => {
      await ledger.clear();
      failed = [];
      inBlock = [];
      app = make();
      app.set('env', 'test');
    });
    afterEach(async () => {
      await site?.close();
      site = undefined;
      expectIdlePool(connection.sequelize);
    });
    after(() => connection.uninstall());

    const note = () => void inBlock.push(transaction.inAtomicBlock());

    /** Opens the application, behind whose routes errors are handled. */
    async function open(): Promise<Site> {
      const handle: express.ErrorRequestHandler = (error, _request, response, next) => {
        note();
        failed.push(error);
        if (response.headersSent) next(error);
        else response.status(500).send(`handled ${error.message}`);
      };
      app.use(handle);
      site = await Site.open(createServer(app));
      return site;
    }

    const answer: RequestHandler = async (_request, response) => {
      note();
      await ledger.do('stored');
      response.send('answer');
    };

    describe('atomicRequests()', () => {
      it('makes the last handler of a route atomic, and none before it', async () => {
        atomicRequests(app);
        const pass: RequestHandler = (_request, _response, next) => {
          note();
          next();
        };
        app.get('/', [pass, pass], answer);

        await (await open()).get();

        expect(inBlock).to.deep.equal([false, false, true]);
      });

      it('finds it in a list of handlers, and before an error handler', async () => {
        atomicRequests(app);
        const handle: express.ErrorRequestHandler = (error, _request, _response, next) => {
          note();
          next(error);
        };
        const fail: RequestHandler = async () => {
          note();
          await ledger.do('undone');
          throw new Error('of the view');
        };
        app.get('/', [fail], handle);

        expect((await (await open()).get()).body).to.equal('handled of the view');

        expect(inBlock).to.deep.equal([true, false, false]);
        await ledger.expectDone([]);
      });

      const definitions: Record<string, (router: Router) => void> = {
        'router.get()': (router) => void router.get('/', answer),
        'router.all()': (router) => void router.all('/', answer),
        'router.route().get()': (router) => void router.route('/').get(answer),
        'router.route().all().get()': (router) => {
          router
            .route('/')
            .all((_request, _response, next) => next())
            .get(answer);
        },
      };
      for (const [how, define] of Object.entries(definitions)) {
        it(`is for routes that are defined by ${how}`, async () => {
          atomicRequests(app);
          define(app as unknown as Router);

          await (await open()).get();

          expect(inBlock).to.deep.equal([true]);
          await ledger.expectDone(['stored']);
        });

        it(`is for routes that are defined by ${how} on a router, before and after it is mounted`, async () => {
          atomicRequests(app);
          const early = make.Router();
          define(early);
          app.use('/early', make.Router().use(early));
          const late = make.Router();
          app.use('/late', late);
          define(late);

          const { get } = bind(await open());

          expect((await get('/early')).status).to.equal(200);
          await ledger.clear();
          expect((await get('/late')).status).to.equal(200);
          expect(inBlock).to.deep.equal([true, true]);
        });
      }

      it('is for the routes of applications that are mounted', async () => {
        atomicRequests(app);
        const mounted = make();
        mounted.get('/', answer);
        app.use('/sub', mounted);

        await (await open()).get('/sub');

        expect(inBlock).to.deep.equal([true]);
      });

      it('is for the routes of a router that is mounted as a view', async () => {
        atomicRequests(app);
        const router = make.Router();
        router.get('/sub', async (_request, response) => {
          await ledger.do('undone');
          response.send('answer');
          throw new Error('of the view');
        });
        app.get('/sub', router);

        expect((await (await open()).get('/sub')).body).to.equal('handled of the view');

        await ledger.expectDone([]);
      });

      it('is not for what is marked by nonAtomic(), be it a view or a router (D-280)', async () => {
        atomicRequests(app);
        app.get(
          '/view',
          nonAtomic((...parameters) => answer(...parameters)),
        );
        const router = make.Router();
        router.get('/', (...parameters) => answer(...parameters));
        app.use('/router', nonAtomic(router));
        const { get } = bind(await open());

        await get('/view');
        await ledger.clear();
        await get('/router');

        expect(inBlock).to.deep.equal([false, false]);
      });

      it('is not for what was defined before, or by use(), or after its undo', async () => {
        app.get('/before', (...parameters) => answer(...parameters));
        const undo = atomicRequests(app);
        app.use('/use', (...parameters) => answer(...parameters));
        undo();
        app.get('/after', (...parameters) => answer(...parameters));
        const { get } = bind(await open());

        for (const path of ['/before', '/use', '/after']) {
          await get(path);
          await ledger.clear();
        }

        expect(inBlock).to.deep.equal([false, false, false]);
        expect(Object.hasOwn(app, 'get')).to.equal(Object.hasOwn(make(), 'get'));
        expect(() => atomicRequests(app)).not.to.throw();
      });

      it('leaves settings and parameters of the application alone', () => {
        atomicRequests(app);
        app.set('title', 'shop');

        expect(app.get('title')).to.equal('shop');
      });

      it('leaves a router its own options', async () => {
        const router = make.Router();
        atomicRequests(router, { rollbackOn: () => true });
        atomicRequests(app);
        router.get('/early', answer);
        app.use(router);
        router.get('/late', answer);
        const { get } = bind(await open());

        expect((await get('/early')).body).to.equal('answer');
        expect((await get('/late')).body).to.equal('answer');

        await ledger.expectDone([]);
      });

      it('refuses what is no router, a second call, and options that there are not', () => {
        const wrong: [unknown, unknown?][] = [
          [{}],
          [undefined],
          [app, { gracee: 1 }],
          [app, { grace: -1 }],
          [app, { using: [] }],
          [app, { using: ['one', 'other'], retry: { times: 1 } }],
          [app, { rollbackOn: true }],
          [app, { durable: true }],
          [app, { isolationLevel: 1 }],
        ];
        for (const [router, options] of wrong) {
          expect(() => atomicRequests(router as Express, options as object)).to.throw(
            InvalidArgumentError,
          );
        }
        atomicRequests(app);
        expect(() => atomicRequests(app)).to.throw(InvalidArgumentError, 'before');
      });

      const deadlock = DEADLOCK[database.dialect];
      if (deadlock !== undefined) {
        it('gives `retry` to the views that are repeatable(), and to no others', async () => {
          let runs = 0;
          const view: RequestHandler = async (_request, response) => {
            runs += 1;
            await ledger.do(`run ${runs}`);
            if (runs < 3) await connection.sequelize.query(refusal(database.dialect, deadlock));
            response.send('answer');
          };
          atomicRequests(app, { retry: { times: 1 } });
          app.get('/once', view);
          app.get(
            '/repeated',
            repeatable((...parameters) => view(...parameters)),
          );
          const { get } = bind(await open());

          expect((await get('/once')).status).to.equal(500);
          expect((await get('/repeated')).body).to.equal('answer');

          await ledger.expectDone(['run 3']);
        });
      }
    });

    describe('atomicView()', () => {
      it('makes a single handler atomic, once', async () => {
        atomicRequests(app);
        app.get('/', atomicView(answer, { rollbackOn: () => true }));

        expect((await (await open()).get()).body).to.equal('answer');

        expect(inBlock).to.deep.equal([true]);
        await ledger.expectDone([]);
      });

      it('keeps what is on the handler', () => {
        const handler = Object.assign(function view(_request: unknown, _response: unknown) {}, {
          docs: 'of the view',
        });

        const view = atomicView(handler);

        expect(view).to.include({ name: 'view', length: 2, docs: 'of the view' });
        expect(atomicView(view)).to.equal(view);
      });

      it('refuses what is no handler, and what handles errors', () => {
        const handle: express.ErrorRequestHandler = (_error, _request, _response, _next) => {};

        expect(() => atomicView(handle)).to.throw(InvalidArgumentError, 'error handler');
        expect(() => atomicView(undefined as never)).to.throw(InvalidArgumentError);
        expect(() => nonAtomic('view' as never)).to.throw(InvalidArgumentError);
        expect(() => atomicView(answer, { usin: 'x' } as object)).to.throw('Did you mean "using"?');
      });

      it('is atomic on several databases, whose blocks nest, but for those it is taken out of (D-274, D-280)', async () => {
        const other = install(new Sequelize({ dialect: 'sqlite', logging: false }), {
          using: 'other',
        });
        const where = () =>
          ['default', 'other'].map((using) => transaction.inAtomicBlock({ using }));
        const seen: boolean[][] = [];
        const view: RequestHandler = (_request, response) => {
          seen.push(where());
          response.end();
        };
        app.get('/both', atomicView(view, { using: ['default', other.sequelize] }));
        atomicRequests(app, { using: ['default', 'other'] });
        app.get(
          '/one',
          nonAtomic((...parameters) => view(...parameters), { using: 'default' }),
        );
        const { get } = bind(await open());

        await get('/both');
        await get('/one');
        other.uninstall();
        await other.sequelize.close();

        expect(seen).to.deep.equal([
          [true, true],
          [false, true],
        ]);
      });

      it('hands on an error of an instance that is not installed', async () => {
        app.get('/', atomicView(answer, { using: 'nowhere' }));

        expect((await (await open()).get()).status).to.equal(500);

        expect(failed[0]).to.include({ code: 'SIGNALS_NOT_INSTALLED' });
      });
    });

    describe('next()', () => {
      for (const how of [undefined, 'route', 'router'] as const) {
        it(`stores, and goes on outside of the block: next(${how ?? ''})`, async () => {
          const router = make.Router();
          atomicRequests(router);
          router.get('/', async (_request, _response, next) => {
            await ledger.do('stored');
            next(how);
          });
          const after: RequestHandler = async (_request, response) => {
            note();
            response.send(String(await ledger.rows()));
          };
          if (how !== 'router') router.get('/', nonAtomic(after));
          app.use(router);
          app.use(after);

          expect((await (await open()).get()).body).to.equal('stored');

          expect(inBlock).to.deep.equal([false]);
        });
      }

      it('rolls back with an error, also after an answer', async () => {
        atomicRequests(app);
        app.get('/', async (_request, response, next) => {
          await ledger.do('undone');
          response.set('x-view', '1').send('answer');
          next(new Error('of next'));
        });

        const told = await (await open()).get();

        expect(told).to.include({ status: 500, body: 'handled of next' });
        expect(told.headers).not.to.have.property('x-view');
        expect(inBlock).to.deep.equal([false]);
        await ledger.expectDone([]);
      });

      it('rolls back with an error that is not one, and with a rejection without any', async () => {
        atomicRequests(app);
        app.get('/text', async (_request, _response, next) => {
          await ledger.do('undone');
          next('text');
        });
        app.get('/nothing', async () => {
          await ledger.do('undone');
          throw undefined;
        });
        const { get } = bind(await open());

        expect((await get('/text')).status).to.equal(500);
        expect((await get('/nothing')).status).to.equal(500);

        expect(failed[0]).to.equal('text');
        expect(failed[1]).to.be.instanceOf(Error);
        await ledger.expectDone([]);
      });

      it('logs an error of the view that comes after it', async () => {
        const error = fake();
        configure({ logger: { error, warn: fake() } });
        atomicRequests(app);
        const over = deferred();
        app.get('/', async (_request, _response, next) => {
          next();
          await over.promise;
          throw new Error('too late');
        });
        app.get(
          '/',
          nonAtomic((...parameters) => answer(...parameters)),
        );

        expect((await (await open()).get()).body).to.equal('answer');
        over.resolve();
        while (error.callCount === 0) await new Promise(setImmediate);
        configure({ logger: null });

        expect(error.args[0]?.[1].message).to.equal('too late');
        expect(failed).to.deep.equal([]);
      });
    });

    describe('an answer', () => {
      it('may be a redirect, and one that is not modified', async () => {
        atomicRequests(app);
        app.get('/redirect', async (_request, response) => {
          await ledger.do('redirect');
          response.redirect('/elsewhere');
        });
        app.get('/etag', async (_request, response) => {
          await ledger.do('etag');
          response.set('etag', '"1"').send('answer');
        });
        const { get } = bind(await open());

        const redirect = await get('/redirect');
        const unmodified = await get('/etag', 'GET', { 'if-none-match': '"1"' });

        expect(redirect.status).to.equal(302);
        expect(redirect.headers.location).to.equal('/elsewhere');
        expect(unmodified).to.include({ status: 304, body: '' });
        await ledger.expectDone(['redirect', 'etag']);
      });

      it('may be to HEAD', async () => {
        atomicRequests(app);
        app.get('/', answer);

        const told = await (await open()).get('/', 'HEAD');

        expect(told).to.include({ status: 200, body: '' });
        expect(told.headers['content-length']).to.equal('6');
        await ledger.expectDone(['stored']);
      });

      it('may be written by writeHead() and end()', async () => {
        atomicRequests(app);
        app.get('/', async (_request, response) => {
          await ledger.do('stored');
          response.writeHead(201, 'Made', { 'x-view': ['1', '2'] });
          expect(response.headersSent).to.equal(true);
          response.statusCode = 500;
          response.end('answer');
        });

        const told = await (await open()).get();

        expect(told).to.include({ status: 201, body: 'answer' });
        expect(told.headers['x-view']).to.equal('1, 2');
      });

      it('is refused at once where Node.js would refuse it, and not after the COMMIT', async () => {
        atomicRequests(app);
        const wrong: ((response: express.Response) => void)[] = [
          (response) => void response.writeHead(9000),
          (response) => void response.writeHead(200, { 'x-view': 'line\nbreak' }),
          (response) => void response.end(1),
          (response) => void response.write(null),
          (response) => {
            response.statusCode = 7;
            response.end();
          },
          (response) => {
            response.send('answer');
            response.set('x-view', '1');
          },
          (response) => {
            response.end();
            response.writeHead(200);
          },
        ];
        wrong.forEach((write, at) => {
          app.get(`/${at}`, async (_request, response) => {
            await ledger.do('undone');
            write(response);
          });
        });
        const { get } = bind(await open());

        for (const at of wrong.keys()) expect((await get(`/${at}`)).status).to.equal(500);

        await ledger.expectDone([]);
      });

      it('is once: what follows end() changes nothing', async () => {
        atomicRequests(app);
        const refused = deferred<unknown>();
        app.get('/', async (_request, response) => {
          await ledger.do('stored');
          response.end('answer');
          response.write('more', (error) => refused.resolve(error));
          response.end('even more');
          expect(response.writableEnded).to.equal(true);
        });

        expect((await (await open()).get()).body).to.equal('answer');

        expect(await refused.promise).to.include({ code: 'ERR_STREAM_WRITE_AFTER_END' });
        await ledger.expectDone(['stored']);
      });

      it('may be waited for by the view that gave it', async () => {
        atomicRequests(app);
        const views: RequestHandler[] = [
          async (_request, response) => {
            response.send('answer');
            await once(response, 'finish');
          },
          async (_request, response) => {
            response.send('answer');
            await once(response, 'close');
          },
          (_request, response) =>
            new Promise<void>((resolve) => {
              response.end('answer', resolve);
            }),
          (_request, response) => pipeline(Readable.from([]), response),
        ];
        views.forEach((view, at) => {
          app.get(`/${at}`, async (request, response, next) => {
            await ledger.do(`entry ${at}`);
            await view(request, response, next);
          });
        });
        const { get } = bind(await open());

        for (const at of views.keys()) expect((await get(`/${at}`)).status).to.equal(200);

        await ledger.expectDone(['entry 0', 'entry 1', 'entry 2', 'entry 3']);
      });

      it('is discarded where render() fails', async () => {
        app.engine('html', (_path, _options, callback) => callback(new Error('of the template')));
        app.set('views', folder);
        atomicRequests(app);
        app.get('/', async (_request, response) => {
          await ledger.do('undone');
          response.render('page.html');
        });

        expect((await (await open()).get()).body).to.equal('handled of the template');

        await ledger.expectDone([]);
      });

      it('is given to nobody where the client had gone away before the view began', async () => {
        const gone = deferred();
        const begun = deferred();
        const stored = deferred();
        app.use(async (request, _response, next) => {
          request.on('close', () => gone.resolve());
          begun.resolve();
          await gone.promise;
          next();
        });
        atomicRequests(app);
        app.get('/', async (_request, response) => {
          await ledger.do('stored');
          await onCommit(() => stored.resolve());
          response.send('answer');
        });
        const sent = (await open()).send();
        await begun.promise;

        sent.leave();
        await stored.promise;

        await ledger.expectDone(['stored']);
      });

      it('stays away without harm where the client has gone away before it was complete', async () => {
        atomicRequests(app);
        const gone = deferred();
        const stored = deferred();
        const begun = deferred();
        app.get('/', async (_request, response) => {
          response.on('close', () => gone.resolve());
          await ledger.do('stored');
          await onCommit(() => stored.resolve());
          response.write('first, ');
          begun.resolve();
          await gone.promise;
          response.end('rest');
        });
        const sent = (await open()).send();
        await begun.promise;

        sent.leave();
        await stored.promise;

        await ledger.expectDone(['stored']);
      });
    });

    describe('files', () => {
      it('are sent by sendFile() and download(), awaited or not', async () => {
        atomicRequests(app);
        const path = join(folder, 'page.html');
        app.get('/sent', async (_request, response) => {
          await ledger.do('sent');
          response.sendFile(path);
        });
        app.get('/downloaded', async (_request, response) => {
          await ledger.do('downloaded');
          await new Promise<void>((resolve, reject) => {
            response.download(path, 'page.html', (error) => (error ? reject(error) : resolve()));
          });
        });
        const { get } = bind(await open());

        expect((await get('/sent')).body).to.equal(PAGE);
        expect((await get('/downloaded')).body).to.equal(PAGE);

        await ledger.expectDone(['sent', 'downloaded']);
      });

      it('are awaited where nothing of them is sent: to HEAD, unmodified, or empty', async () => {
        atomicRequests(app);
        app.get('/:name', async (request, response) => {
          await ledger.do(`${request.method} ${request.params.name}`);
          await new Promise<void>((resolve, reject) => {
            const done = (error?: Error) => (error ? reject(error) : resolve());
            response.sendFile(join(folder, request.params.name ?? ''), done);
          });
        });
        const { get } = bind(await open());

        const whole = await get('/page.html');
        const etag = String(whole.headers.etag);

        expect(await get('/page.html', 'HEAD')).to.include({ status: 200, body: '' });
        expect((await get('/empty.html')).status).to.equal(200);
        await ledger.clear();
        expect((await get('/page.html', 'GET', { 'if-none-match': etag })).status).to.equal(304);
        await ledger.expectDone(['GET page.html']);
      });

      it('that are not there roll back', async () => {
        atomicRequests(app);
        app.get('/', async (_request, response) => {
          await ledger.do('undone');
          response.sendFile(join(folder, 'nothing.html'));
        });

        expect((await (await open()).get()).status).to.equal(500);

        expect(failed[0]).to.include({ code: 'ENOENT' });
        await ledger.expectDone([]);
      });

      it('of a COMMIT that fails are not sent', async () => {
        atomicRequests(app);
        app.get('/', async (_request, response) => {
          await ledger.do('undone');
          response.sendFile(join(folder, 'page.html'));
        });
        failCommit({ error: new Error('disk full') });

        expect((await (await open()).get()).body).to.equal('handled disk full');

        await ledger.expectDone([]);
      });
    });

    describe('streams', () => {
      const LINES = Array.from({ length: 200 }, (_, at) => `${'line '.repeat(200)}${at}\n`);
      const streams: Record<string, RequestHandler> = {
        'pipe()': (_request, response) => void Readable.from(LINES).pipe(response),
        'pipeline()': (_request, response) => pipeline(Readable.from(LINES), response),
        'pipeline() of a generator': (_request, response) =>
          pipeline(async function* () {
            yield* LINES;
          }, response),
        'write() without waiting': (_request, response) => {
          for (const line of LINES) response.write(line);
          response.end();
        },
        'write() that waits for drain': async (_request, response) => {
          for (const line of LINES) {
            if (!response.write(line)) await once(response, 'drain');
          }
          response.end();
        },
      };
      for (const compressed of [false, true]) {
        for (const [how, stream] of Object.entries(streams)) {
          // It adds a listener to a stream of its own for each, and never removes one.
          if (compressed && how.includes('waits')) continue;
          it(`by ${how} are stored first${compressed ? ', with compression' : ''} (D-282)`, async () => {
            if (compressed) app.use(compression({ threshold: 0 }));
            atomicRequests(app);
            app.get('/', async (request, response, next) => {
              response.type('text');
              await ledger.do('stored');
              await stream(request, response, next);
            });
            const { get } = bind(await open());

            const told = await get('/', 'GET', compressed ? { 'accept-encoding': 'gzip' } : {});
            const plain = compressed ? gunzipSync(told.bytes).toString() : told.body;

            expect(told.headers['content-encoding']).to.equal(compressed ? 'gzip' : undefined);
            expect(plain).to.equal(LINES.join(''));
            await ledger.expectDone(['stored']);
          });

          it(`by ${how} are not sent where COMMIT fails${compressed ? ', with compression' : ''}`, async () => {
            if (compressed) app.use(compression({ threshold: 0 }));
            atomicRequests(app);
            app.get('/', async (request, response, next) => {
              await ledger.do('undone');
              await stream(request, response, next);
            });
            failCommit({ error: new Error('disk full') });

            expect((await (await open()).get()).body).to.equal('handled disk full');

            await ledger.expectDone([]);
          });
        }
      }

      it('that come from the request are not mixed into the answer of an error', async () => {
        atomicRequests(app);
        app.post('/', async (request, response) => {
          await ledger.do('undone');
          request.pipe(response);
        });
        failCommit({ error: new Error('disk full') });
        const { port } = await open();

        const told = await fetch(`http://127.0.0.1:${port}/`, {
          method: 'POST',
          body: 'echo '.repeat(20_000),
        });

        expect(await told.text()).to.equal('handled disk full');
        await ledger.expectDone([]);
      });

      it('may be events of the server', async () => {
        atomicRequests(app);
        const next = deferred();
        app.get('/', async (_request, response) => {
          await ledger.do('stored');
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.flushHeaders();
          await next.promise;
          response.write('data: 1\n\n');
          response.end();
        });
        const sent = (await open()).send();

        await sent.headed;
        const rows = await ledger.rows();
        next.resolve();

        expect(rows).to.deep.equal(['stored']);
        expect(await sent.told).to.include({ status: 200, body: 'data: 1\n\n' });
      });

      it('take no queries of the block any more', async () => {
        atomicRequests(app);
        let late: Promise<Error> | undefined;
        app.get('/', async (_request, response) => {
          await ledger.do('stored');
          response.write('first, ');
          await new Promise(setImmediate);
          late = rejectionOf(ledger.write('late'));
          await late;
          await transaction.outside(() => ledger.write('outside'));
          response.end('rest');
        });

        expect((await (await open()).get()).body).to.equal('first, rest');

        expect((await late) as { code?: string })
          .to.have.property('code')
          .that.matches(/_ENDED|_COMMITTING/);
        await ledger.expectDone(['stored', 'outside'], ['stored']);
      });

      it('are cut off where too much of them would be held', async () => {
        const error = fake();
        configure({ logger: { error, warn: fake() } });
        atomicRequests(app, { maxHeld: 1000 });
        const stored = deferred();
        app.get('/', async (_request, response) => {
          await ledger.do('stored');
          await onCommit(() => stored.resolve());
          for (const line of LINES) response.write(line);
          response.end();
        });
        const { get } = bind(await open());

        await rejectionOf(get());
        await stored.promise;
        configure({ logger: null });

        expect(error.args[0]?.[0]).to.contain('maxHeld');
        await ledger.expectDone(['stored']);
      });
    });

    describe('other middleware', () => {
      it('stores a session out of the block, before the answer leaves (D-275)', async () => {
        const sessions = connection.sequelize.define('session', {
          sid: { type: DataTypes.STRING, primaryKey: true },
          data: DataTypes.TEXT,
        });
        await sessions.sync({ force: true });
        class SequelizeStore extends Store {
          get(sid: string, callback: (error: unknown, data?: SessionData | null) => void): void {
            const found = async () => {
              const row = await sessions.findByPk(sid);
              return row && JSON.parse(String(row.get('data')));
            };
            found().then((data) => callback(null, data), callback);
          }
          set(sid: string, data: SessionData, callback?: (error?: unknown) => void): void {
            note();
            sessions.upsert({ sid, data: JSON.stringify(data) }).then(() => callback?.(), callback);
          }
          destroy(_sid: string, callback?: (error?: unknown) => void): void {
            callback?.();
          }
        }
        const secret = 'of the test';
        app.use(
          session({ secret, resave: false, saveUninitialized: true, store: new SequelizeStore() }),
        );
        atomicRequests(app);
        app.get('/', async (request, response) => {
          await ledger.do('entry');
          Object.assign(request.session, { visits: 1 });
          response.send('answer');
        });
        app.get('/fails', async (request, response) => {
          Object.assign(request.session, { visits: 2 });
          response.send('answer');
          throw new Error('of the view');
        });
        const { get } = bind(await open());

        const told = await get();
        const failedTold = await get('/fails');

        expect(told.headers['set-cookie']?.[0]).to.contain('connect.sid');
        expect(failedTold.status).to.equal(500);
        expect(await sessions.count()).to.equal(2);
        expect(inBlock).to.deep.equal([false, false, false]);
        await ledger.expectDone(['entry']);
        await sessions.drop();
        connection.sequelize.modelManager.removeModel(sessions);
      });

      it('that wraps a response between two views is outside of both', async () => {
        const ends: boolean[] = [];
        atomicRequests(app);
        app.get('/', async (_request, _response, next) => {
          await ledger.do('first');
          next();
        });
        app.use((_request, response, next) => {
          const { end } = response;
          response.end = ((...parameters: Parameters<typeof end>) => {
            ends.push(transaction.inAtomicBlock());
            return Reflect.apply(end, response, parameters);
          }) as typeof end;
          next();
        });
        app.get('/', async (_request, response) => {
          await ledger.do('second');
          response.end('answer');
        });

        expect((await (await open()).get()).body).to.equal('answer');

        expect(ends).to.deep.equal([false]);
        await ledger.expectDone(['first', 'second']);
      });

      it('is upgraded beside atomic views', async () => {
        atomicRequests(app);
        app.get('/', answer);
        const opened = await open();
        opened.server.on('upgrade', (_request, socket) => {
          note();
          socket.end(
            'HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n',
          );
        });

        const status = await opened.upgrade('echo');
        await opened.get();

        expect(status).to.equal(101);
        expect(inBlock).to.deep.equal([false, true]);
      });
    });

    it('hands out the answer to one request after another, many at once', async () => {
      atomicRequests(app);
      app.get('/:name', async (request, response) => {
        await ledger.do(request.params.name ?? '');
        response.send(request.params.name);
      });
      const { get } = bind(await open());
      // Writers of one SQLite file wait for each other in the threads that the writer needs.
      const length = database.name === 'sqlite file' ? 2 : 40;
      const names = Array.from({ length }, (_, at) => `entry ${at}`);

      const told = await Promise.all(names.map((name) => get(`/${encodeURIComponent(name)}`)));

      expect(told.map(({ body }) => body)).to.deep.equal(names);
      expect((await ledger.rows()).sort()).to.deep.equal([...names].sort());
    });

    it('runs callbacks before the answer, each in no block', async () => {
      atomicRequests(app);
      app.get('/', async (_request, response) => {
        await ledger.write('stored');
        await onCommit(note);
        response.send('answer');
      });

      await (await open()).get();

      expect(inBlock).to.deep.equal([false]);
    });
  });
}

const PAGE = '<title>page</title>\n';
let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sequelize-signals-express-'));
  writeFileSync(join(folder, 'page.html'), PAGE);
  writeFileSync(join(folder, 'empty.html'), '');
});
after(() => rmSync(folder, { recursive: true }));

function bind(site: Site): Pick<Site, 'get' | 'send'> {
  return { get: site.get.bind(site), send: site.send.bind(site) };
}
