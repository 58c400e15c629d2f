import { once } from 'node:events';
import { Readable } from 'node:stream';
import cookie from '@fastify/cookie';
import session from '@fastify/session';
import websocket from '@fastify/websocket';
import { expect } from 'chai';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RouteHandlerMethod,
} from 'fastify';
import { Transaction } from 'sequelize';
import { type Connection, InvalidArgumentError, install, transaction } from 'sequelize-signals';
import { type AtomicViewOptions, atomicRequests } from 'sequelize-signals/fastify';
import { failCommit } from 'sequelize-signals/testing';
import { describeOnEachDatabase } from '../support/databases.js';
import { deferred } from '../support/deferred.js';
import { Ledger } from '../support/ledger.js';
import { captureLog } from '../support/logged.js';
import { expectIdlePool } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';
import { Site } from '../support/site.js';

describeOnEachDatabase('Fastify 5', (database) => {
  let connection: Connection;
  let ledger: Ledger;
  let app: FastifyInstance;
  let site: Site | undefined;
  let inBlock: boolean[];

  before(async () => {
    connection = install(database.connect());
    ledger = await Ledger.open(connection.sequelize);
  });
  beforeEach(async () => {
    await ledger.clear();
    inBlock = [];
    app = Fastify();
  });
  afterEach(async () => {
    await site?.close();
    site = undefined;
    await app.close();
    expectIdlePool(connection.sequelize);
  });
  after(() => connection.uninstall());

  captureLog();

  const note = () => void inBlock.push(transaction.inAtomicBlock());

  async function open(): Promise<Site> {
    await app.ready();
    site = await Site.open(app.server);
    return site;
  }

  /** Notes where an error is handled, and answers with its message. */
  function handleErrors(): void {
    app.setErrorHandler(async (error: Error, _request, reply) => {
      note();
      await new Promise(setImmediate);
      return reply.code(500).send(`handled ${error.message}`);
    });
  }

  /** The ways in which a handler answers. */
  const styles: Record<string, RouteHandlerMethod> = {
    'returns it': async () => {
      await ledger.do('entry');
      return 'answer';
    },
    'returns reply.send()': async (_request, reply) => {
      await ledger.do('entry');
      return reply.send('answer');
    },
    'returns reply.send() at once': (_request, reply) => reply.send('answer'),
    'returns it at once': () => 'answer',
    'sends it, and returns nothing': async (_request, reply) => {
      await ledger.do('entry');
      reply.send('answer');
    },
    'sends it, and works on': async (_request, reply) => {
      reply.send('answer');
      await ledger.do('entry');
      return reply;
    },
    'sends it by a callback': (_request, reply) => {
      ledger.do('entry').then(
        () => reply.send('answer'),
        (error) => reply.send(error),
      );
    },
    'sends it later, and waits for the reply': async (_request, reply) => {
      await ledger.do('entry');
      setImmediate(() => reply.send('answer'));
      await reply;
    },
    'sends it as JSON': async (_request, reply) => {
      await ledger.do('entry');
      return reply.type('application/json').send('answer');
    },
    'ends the raw response': async (_request, reply) => {
      await ledger.do('entry');
      reply.raw.end('answer');
    },
    'hijacks the reply': async (_request, reply) => {
      await ledger.do('entry');
      reply.hijack();
      reply.raw.end('answer');
    },
    'is a web response': async () => {
      await ledger.do('entry');
      return new Response('answer');
    },
  };
  const writesNothing = (style: string) => style.endsWith('at once');

  /** The three ways in which a route can come to its block. */
  const registrations: Record<string, (handler: RouteHandlerMethod) => Promise<void>> = {
    'after the plugin': async (handler) => {
      await app.register(atomicRequests);
      app.get('/', handler);
    },
    'before the plugin is loaded': async (handler) => {
      app.register(atomicRequests);
      app.get('/', handler);
    },
    'in a plugin inside': async (handler) => {
      app.register(atomicRequests);
      app.register((inside, _options, done) => {
        inside.get('/', handler);
        done();
      });
    },
  };

  for (const [when, register] of Object.entries(registrations)) {
    for (const [style, handler] of Object.entries(styles)) {
      // There, the answer is all that is known of a handler.
      if (when.startsWith('before') && style.endsWith('works on')) continue;
      it(`stores the view of a route that was defined ${when}, and that ${style}`, async () => {
        await register(handler);

        const told = await (await open()).get();

        expect(told).to.include({ status: 200, body: 'answer' });
        await ledger.expectDone(writesNothing(style) ? [] : ['entry']);
      });

      if (writesNothing(style)) continue;

      it(`undoes the view of a route that was defined ${when}, and that ${style}, where COMMIT fails`, async () => {
        handleErrors();
        await register(handler);
        failCommit({ error: new Error('disk full') });

        const told = await (await open()).get();

        // Nobody is asked how to answer in the place of a reply that was hijacked.
        const body = style.startsWith('hijacks') ? '' : 'handled disk full';
        expect(told).to.include({ status: 500, body });
        await ledger.expectDone([]);
      });
    }
  }

  const failures: Record<string, RouteHandlerMethod> = {
    'throws at once': () => {
      throw new Error('of the view');
    },
    rejects: async () => {
      await ledger.do('undone');
      throw new Error('of the view');
    },
    'sends an error': (_request, reply) => {
      ledger.do('undone').then(() => reply.send(new Error('of the view')), reply.send);
    },
    'returns an error': async () => {
      await ledger.do('undone');
      return new Error('of the view');
    },
    'rejects after its answer': async (_request, reply) => {
      reply.header('x-view', '1').send('answer');
      await ledger.do('undone');
      throw new Error('of the view');
    },
    'rejects after the end of the raw response': async (_request, reply) => {
      await ledger.do('undone');
      reply.raw.end('answer');
      throw new Error('of the view');
    },
    'goes on after it sent an error': async (_request, reply) => {
      await ledger.do('undone');
      reply.send(new Error('of the view'));
      await new Promise(setImmediate);
      reply.send('answer');
    },
  };
  for (const [how, handler] of Object.entries(failures)) {
    it(`undoes a view that ${how}, and hands its error on`, async () => {
      handleErrors();
      await app.register(atomicRequests);
      app.get('/', handler);

      const told = await (await open()).get();

      expect(told).to.include({ status: 500, body: 'handled of the view' });
      expect(told.headers).not.to.have.property('x-view');
      expect(inBlock).to.deep.equal([false]);
      await ledger.expectDone([]);
    });
  }

  it('undoes a view that was hijacked and fails, and answers with 500', async () => {
    await app.register(atomicRequests);
    app.get('/', async (_request, reply) => {
      await ledger.do('undone');
      reply.hijack();
      reply.raw.writeHead(201).end('answer');
      throw new Error('of the view');
    });

    expect(await (await open()).get()).to.include({ status: 500, body: '' });

    await ledger.expectDone([]);
  });

  it('undoes a view that rejects with what is no error', async () => {
    await app.register(atomicRequests);
    app.get('/', async () => {
      await ledger.do('undone');
      throw 'text';
    });

    await (await open()).get();

    await ledger.expectDone([]);
  });

  it('undoes a view whose answer does not fit its schema', async () => {
    await app.register(atomicRequests);
    const shape = { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } };
    const schema = { response: { 200: shape } };
    app.get('/returned', { schema }, async () => {
      await ledger.do('undone');
      return { name: 'no id' };
    });
    app.get('/sent', { schema }, (_request, reply) => {
      ledger.do('undone').then(() => reply.send({ name: 'no id' }), reply.send);
    });
    const { get } = bind(await open());

    expect((await get('/returned')).status).to.equal(500);
    expect((await get('/sent')).status).to.equal(500);

    await ledger.expectDone([]);
  });

  it('begins no block for a request that is not valid', async () => {
    await app.register(atomicRequests);
    const schema = { querystring: { type: 'object', required: ['page'] } };
    app.get('/', { schema }, async () => note());

    expect((await (await open()).get()).status).to.equal(400);

    expect(inBlock).to.deep.equal([]);
  });

  it('is around the handler alone, and no hooks (D-275)', async () => {
    const hook = async () => note();
    app.addHook('onRequest', hook);
    await app.register(atomicRequests);
    app.addHook('preHandler', hook);
    app.addHook('onSend', hook);
    app.addHook('onResponse', hook);
    const responded = deferred();
    app.addHook('onResponse', async () => responded.resolve());
    app.get('/', { preHandler: hook }, async () => {
      note();
      await ledger.do('entry');
      return 'answer';
    });

    await (await open()).get();
    await responded.promise;

    expect(inBlock).to.deep.equal([false, false, false, true, false, false]);
  });

  it('lets a session be written that was registered after it, before the answer leaves (D-275)', async () => {
    const sessions = new Map<string, string>();
    await app.register(atomicRequests);
    await app.register(cookie);
    await app.register(session, {
      secret: 'of the test, with a length of more than 32 letters',
      cookie: { secure: false },
      store: {
        get: (id, callback) => callback(null, JSON.parse(sessions.get(id) ?? 'null')),
        set: (id, data, callback) => {
          note();
          const written = ledger
            .write('session')
            .then(() => sessions.set(id, JSON.stringify(data)));
          written.then(() => callback(), callback);
        },
        destroy: (_id, callback) => callback(),
      },
    });
    app.get('/', async (request) => {
      await ledger.do('entry');
      Object.assign(request.session, { visits: 1 });
      return 'answer';
    });

    const told = await (await open()).get();

    expect(told).to.include({ status: 200, body: 'answer' });
    expect(told.headers['set-cookie']).to.have.length(1);
    expect(inBlock).to.deep.equal([false]);
    await ledger.expectDone(['entry', 'session'], ['entry']);
  });

  it('stores before a hook of onSend fails, which was added after the plugin (D-279)', async () => {
    await app.register(atomicRequests);
    app.addHook('onSend', async (request) => {
      if (request.query && inBlock.length === 0) {
        note();
        throw new Error('of the hook');
      }
    });
    app.get('/', async () => {
      await ledger.do('stored');
      return 'answer';
    });

    expect((await (await open()).get()).status).to.equal(500);

    await ledger.expectDone(['stored']);
  });

  it('reads a stream after the COMMIT, which may send queries (D-282)', async () => {
    await app.register(atomicRequests);
    app.get('/', async () => {
      await ledger.do('entry');
      return Readable.from(
        (async function* () {
          note();
          yield 'rows: ';
          yield String(await ledger.entries.count());
        })(),
      );
    });

    expect((await (await open()).get()).body).to.equal('rows: 1');

    expect(inBlock).to.deep.equal([false]);
  });

  it('commits at the first write to a reply that was hijacked', async () => {
    await app.register(atomicRequests);
    const next = deferred();
    app.get('/', async (_request, reply) => {
      await ledger.do('stored');
      reply.hijack();
      reply.raw.write('data: 1\n\n');
      await next.promise;
      reply.raw.end('data: 2\n\n');
    });
    const sent = (await open()).send();

    await sent.begun;
    const rows = await ledger.rows();
    next.resolve();

    expect(rows).to.deep.equal(['stored']);
    expect((await sent.told).body).to.equal('data: 1\n\ndata: 2\n\n');
  });

  it('takes the first of two answers', async () => {
    await app.register(atomicRequests);
    app.get('/', async (_request, reply) => {
      await ledger.do('stored');
      reply.send('answer');
      return 'another one';
    });

    expect((await (await open()).get()).body).to.equal('answer');

    await ledger.expectDone(['stored']);
  });

  it('answers HEAD, redirects, and asks for what is not found', async () => {
    await app.register(atomicRequests);
    app.get('/', async (_request, reply) => {
      await ledger.do('head');
      return reply.send('answer');
    });
    app.get('/redirect', async (_request, reply) => {
      await ledger.do('redirect');
      return reply.redirect('/elsewhere');
    });
    app.get('/missing', async (_request, reply) => {
      await ledger.do('missing');
      reply.callNotFound();
      return reply;
    });
    const { get } = bind(await open());

    expect(await get('/', 'HEAD')).to.include({ status: 200, body: '' });
    expect((await get('/redirect')).headers.location).to.equal('/elsewhere');
    expect((await get('/missing')).status).to.equal(404);
    expect((await get('/nowhere')).status).to.equal(404);

    await ledger.expectDone(['head', 'redirect', 'missing']);
  });

  it('takes no route that says so, and has options for one alone (D-280)', async () => {
    await app.register(atomicRequests, { rollbackOn: () => false });
    const view = async () => {
      note();
      await ledger.write(`entry ${inBlock.length}`);
      return 'answer';
    };
    app.get('/outside', { config: { atomic: false } }, view);
    app.get('/own', { config: { atomic: { rollbackOn: () => true } } }, view);
    app.get('/same', { config: { atomic: true } }, view);
    const { get } = bind(await open());

    for (const path of ['/outside', '/own', '/same']) await get(path);

    expect(inBlock).to.deep.equal([false, true, true]);
    await ledger.expectDone(['entry 1', 'entry 3'], []);
  });

  it('is for the scope in which it was registered', async () => {
    app.register((scope, _options, done) => {
      scope.register(atomicRequests);
      scope.get('/inside', async () => note());
      done();
    });
    app.get('/outside', async () => note());
    const { get } = bind(await open());

    await get('/inside');
    await get('/outside');

    expect(inBlock).to.deep.equal([true, false]);
  });

  it('runs a view once that is registered twice', async () => {
    await app.register(atomicRequests);
    await app.register(atomicRequests);
    let runs = 0;
    app.get('/', async () => {
      runs += 1;
      await ledger.do(`run ${runs}`);
      return 'answer';
    });

    expect((await (await open()).get()).body).to.equal('answer');

    await ledger.expectDone(['run 1']);
  });

  it('stores a view that returns nothing when its client has gone away', async () => {
    await app.register(atomicRequests);
    const begun = deferred();
    const gone = deferred();
    const over = deferred();
    app.get('/', async (request) => {
      request.raw.on('close', () => gone.resolve());
      await ledger.do('stored');
      begun.resolve();
      await gone.promise;
      await transaction.onCommit(() => over.resolve());
    });
    const sent = (await open()).send();

    await begun.promise;
    sent.leave();
    await rejectionOf(sent.told);
    await over.promise;

    await ledger.expectDone(['stored']);
  });

  it('serves requests that are injected', async () => {
    await app.register(atomicRequests);
    app.get('/', async () => {
      await ledger.do('stored');
      return { stored: true };
    });

    const told = await app.inject('/');

    expect(told.json()).to.deep.equal({ stored: true });
    await ledger.expectDone(['stored']);
  });

  it('calls the handler on the server, with a request that begins at once', async () => {
    const options: AtomicViewOptions =
      database.dialect === 'sqlite'
        ? { type: Transaction.TYPES.IMMEDIATE }
        : { isolationLevel: Transaction.ISOLATION_LEVELS.SERIALIZABLE };
    await app.register(atomicRequests, options);
    app.get('/callback', function (this: FastifyInstance, _request: FastifyRequest, reply) {
      this.log.debug('is the server');
      ledger.do('callback').then(() => reply.send('answer'), reply.send);
    });
    app.get('/promise', async (_request: FastifyRequest, reply: FastifyReply) => {
      await ledger.do('promise');
      return reply.send('answer');
    });
    const { get } = bind(await open());

    expect((await get('/callback')).body).to.equal('answer');
    expect((await get('/promise')).body).to.equal('answer');

    await ledger.expectDone(['callback', 'promise']);
  });

  for (const order of ['before', 'after']) {
    it(`leaves routes of websockets alone that are registered ${order} it`, async () => {
      if (order === 'before') await app.register(websocket);
      await app.register(atomicRequests);
      if (order === 'after') await app.register(websocket);
      app.get('/socket', { websocket: true }, (socket) => {
        note();
        socket.close();
      });
      app.get('/', async () => {
        note();
        return 'answer';
      });
      await app.ready();
      const socket = await app.injectWS('/socket');
      if (socket.readyState !== socket.CLOSED) await once(socket, 'close');

      expect((await app.inject('/')).body).to.equal('answer');

      expect(inBlock).to.deep.equal([false, true]);
    });
  }

  it('refuses options that there are not', async () => {
    const wrong = { gracee: 1 } as AtomicViewOptions;

    const error = await rejectionOf(async () => await app.register(atomicRequests, wrong));
    expect(error).to.be.instanceOf(InvalidArgumentError);
    app = Fastify();
    await app.register(atomicRequests);
    expect(() => app.get('/', { config: { atomic: wrong } }, async () => {})).to.throw(
      InvalidArgumentError,
    );
  });
});

function bind(site: Site): Pick<Site, 'get' | 'send'> {
  return { get: site.get.bind(site), send: site.send.bind(site) };
}
