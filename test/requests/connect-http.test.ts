import { createServer, type RequestListener, type Server } from 'node:http';
import { expect } from 'chai';
import Koa from 'koa';
import { InvalidArgumentError, transaction } from 'sequelize-signals';
import { connectHttp, requestFinished, requestStarted } from 'sequelize-signals/http';
import { atomicRequests } from 'sequelize-signals/koa';
import { deferred } from '../support/deferred.js';
import { describeTransactions } from '../support/ledger.js';
import { captureLog } from '../support/logged.js';
import { Site } from '../support/site.js';

describe('connectHttp()', () => {
  let sites: Site[];
  let undos: (() => unknown)[];
  let events: string[];
  const logged = captureLog();

  beforeEach(() => {
    sites = [];
    events = [];
    undos = [
      requestStarted.connect(({ request }) => void events.push(`started ${request.url}`)),
      requestFinished.connect(({ request, response, aborted }) => {
        events.push(`finished ${request.url} ${aborted ? 'aborted' : response.statusCode}`);
      }),
    ];
  });
  afterEach(async () => {
    for (const undo of undos) undo();
    for (const site of sites) await site.close();
  });

  async function open(listener: RequestListener): Promise<Site> {
    const site = await Site.open(createServer(listener));
    sites.push(site);
    return site;
  }

  const connect = (server?: Server) => void undos.push(connectHttp(server));

  /** Resolves when a response has been closed, which a client does not see. */
  async function finished(count = 1): Promise<void> {
    while (events.filter((event) => event.startsWith('finished')).length < count) {
      await new Promise(setImmediate);
    }
  }

  it('sends requestStarted before a request is handled, and requestFinished when its response is closed (D-283, D-284)', async () => {
    connect();
    const site = await open((request, response) => {
      events.push(`handled ${request.url}`);
      response.statusCode = 201;
      response.on('finish', () => events.push('finish'));
      response.end();
    });

    await site.get('/page');
    await finished();

    expect(events).to.deep.equal([
      'started /page',
      'handled /page',
      'finish',
      'finished /page 201',
    ]);
  });

  it('has the server as sender', async () => {
    connect();
    const senders: unknown[] = [];
    const [heard, other] = [await open(reply), await open(reply)];
    const note = ({ sender }: { sender: unknown }) => void senders.push(sender);
    undos.push(requestStarted.connect(note, { sender: heard.server }));

    await other.get();
    await heard.get();

    expect(senders).to.deep.equal([heard.server]);
  });

  it('sends requestFinished after a stream, and for each request of a connection (D-284)', async () => {
    connect();
    const site = await open((_request, response) => {
      response.write('first, ');
      setImmediate(() => {
        events.push('rest');
        response.end('rest');
      });
    });

    await site.get('/one');
    await finished(1);
    await site.get('/other');
    await finished(2);

    const one = ['started /one', 'rest', 'finished /one 200'];
    expect(events).to.deep.equal([...one, ...one.map((event) => event.replace('one', 'other'))]);
  });

  it('tells of a client that has gone away (D-284)', async () => {
    connect();
    const begun = deferred();
    const site = await open((_request, response) => {
      response.write('first, ');
      begun.resolve();
    });

    const sent = site.send('/page');
    await begun.promise;
    await sent.begun;
    sent.leave();
    await finished();

    expect(events).to.deep.equal(['started /page', 'finished /page aborted']);
  });

  it('sends robustly, and nobody waits for the receivers', async () => {
    connect();
    undos.push(
      requestStarted.connect(() => {
        throw new Error('of the receiver');
      }),
      requestFinished.connect(async () => {
        throw new Error('of the other');
      }),
    );
    const site = await open(reply);

    expect((await site.get()).status).to.equal(200);
    while (logged().length < 2) await new Promise(setImmediate);

    expect(logged().map(([, error]) => (error as Error).message)).to.deep.equal([
      'of the receiver',
      'of the other',
    ]);
  });

  it('hears of the servers that it was given, and sends once', async () => {
    const [heard, other] = [await open(reply), await open(reply)];
    connect(heard.server);

    await other.get('/other');
    await heard.get('/heard');
    connect();
    await heard.get('/twice');
    await finished(2);

    const started = events.filter((event) => event.startsWith('started'));
    expect(started).to.deep.equal(['started /heard', 'started /twice']);
  });

  it('is undone by what it returns, and done once', async () => {
    const site = await open(reply);
    const undo = connectHttp(site.server);
    expect(connectHttp(site.server)).to.equal(undo);

    undo();
    undo();
    await site.get();
    connect(site.server);
    await site.get('/again');
    await finished();

    expect(events[0]).to.equal('started /again');
  });

  it('sends requestFinished for a request that started before the undo', async () => {
    const site = await open((_request, response) => {
      undo();
      response.end();
    });
    const undo = connectHttp();

    await site.get('/page');
    await finished();

    expect(events).to.deep.equal(['started /page', 'finished /page 200']);
  });

  it('refuses what is no server', () => {
    for (const wrong of [null, {}, 'server', 80]) {
      expect(() => connectHttp(wrong as never)).to.throw(InvalidArgumentError);
    }
  });
});

describeTransactions('the signals of a request to an atomic view', (bench) => {
  it('are sent out of its block, and their receivers may write', async () => {
    const app = new Koa();
    app.use(atomicRequests());
    app.use(async (context) => {
      await bench.ledger.do('stored');
      context.res.write('first, ');
      context.respond = false;
      context.res.end('rest');
    });
    const site = await Site.open(createServer(app.callback()));
    const written = { started: deferred<unknown>(), finished: deferred<unknown>() };
    const inBlock: boolean[] = [];
    const write = (name: keyof typeof written) => () => {
      inBlock.push(transaction.inAtomicBlock());
      written[name].resolve(bench.ledger.write(name));
      return written[name].promise;
    };
    const undos = [
      connectHttp(site.server),
      requestStarted.connect(write('started')),
      requestFinished.connect(write('finished')),
    ];

    await site.get();
    await Promise.all([written.started.promise, written.finished.promise]);
    for (const undo of undos) undo();
    await site.close();

    expect(inBlock).to.deep.equal([false, false]);
    expect((await bench.ledger.rows()).sort()).to.deep.equal(['finished', 'started', 'stored']);
  });
});

const reply: RequestListener = (_request, response) => void response.end();
