import { expect } from 'chai';
import { Passport } from 'passport';
import { configure, InvalidArgumentError } from 'sequelize-signals';
import { userLoggedIn, userLoggedOut, userLoginFailed } from 'sequelize-signals/auth';
import {
  type ConnectPassportOptions,
  connectPassport,
  type PassportLike,
} from 'sequelize-signals/passport';
import { fake } from 'sinon';
import { captureLog } from '../support/logged.js';
import { LOGIN_FRAMEWORKS, type LoginService } from '../support/passports.js';
import { Site } from '../support/site.js';

const STARS = '********************';
const ADA = { username: 'ada', password: 'right' };
const MALLORY = { username: 'mallory', password: 'wrong' };

/** Somebody with a browser, which keeps the cookie of its session. */
class Visitor {
  readonly #site: Site;
  #cookie = '';

  constructor(site: Site) {
    this.#site = site;
  }

  async post(path: string, body: object = {}, headers: Record<string, string> = {}) {
    return this.#ask(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  async get(path: string) {
    return this.#ask(path, {});
  }

  async #ask(path: string, { headers, ...init }: RequestInit) {
    const url = `http://127.0.0.1:${this.#site.port}${path}`;
    const response = await fetch(url, { ...init, headers: { ...headers, cookie: this.#cookie } });
    const [given] = response.headers.getSetCookie();
    if (given) this.#cookie = given.replace(/;.*/, '');
    return { status: response.status, body: await response.text() };
  }
}

for (const { name, serve } of LOGIN_FRAMEWORKS) {
  describe(`connectPassport(): ${name}`, () => {
    const logged = captureLog();
    const ada = { name: 'ada' };
    let events: unknown[];
    let undos: (() => unknown)[];
    let site: Site | undefined;
    let passport: PassportLike;
    let disconnect: () => void;

    beforeEach(() => {
      events = [];
      undos = [
        userLoggedIn.connect(({ user, sender }) => {
          events.push(['in', user, sender]);
        }),
        userLoggedOut.connect(({ user, sender }) => {
          events.push(['out', user, sender]);
        }),
        userLoginFailed.connect(({ credentials, sender }) => {
          events.push(['failed', credentials, sender]);
        }),
      ];
    });
    afterEach(async () => {
      for (const undo of undos) undo();
      await site?.close();
      site = undefined;
    });

    async function open(
      options: Partial<ConnectPassportOptions> = {},
      service: Partial<LoginService> = {},
    ): Promise<Visitor> {
      const server = await serve({
        users: new Map([['ada', ada]]),
        connect: (made) => {
          passport = made;
          disconnect = connectPassport(made, { login: ['local'], ...options });
        },
        ...service,
      });
      site = await Site.open(server);
      return new Visitor(site);
    }

    it('sends userLoggedIn when the session is there, before the route goes on (D-296)', async () => {
      const visitor = await open({}, { note: (text) => events.push(text) });
      undos.push(
        userLoggedIn.connect(async ({ request }) => {
          await new Promise(setImmediate);
          const { session, user } = request as { session: object; user?: object };
          events.push([JSON.stringify(session).includes('"ada"'), user]);
        }),
      );

      expect(await visitor.post('/login', ADA)).to.deep.equal({ status: 200, body: 'ada' });

      expect(events).to.deep.equal([['in', ada, null], [true, ada], 'goes on']);
      expect((await visitor.get('/me')).body).to.equal('ada');
    });

    it('sends userLoggedOut while the session is there, before the route goes on (D-297)', async () => {
      const visitor = await open({}, { note: (text) => events.push(text) });
      await visitor.post('/login', ADA);
      events.length = 0;
      undos.push(
        userLoggedOut.connect(async ({ request }) => {
          await new Promise(setImmediate);
          const { session, user } = request as { session: object; user?: object };
          events.push([JSON.stringify(session).includes('"ada"'), user]);
        }),
      );

      expect(await visitor.post('/logout')).to.deep.equal({ status: 200, body: '' });

      expect(events).to.deep.equal([['out', ada, null], [true, ada], 'goes on']);
      expect((await visitor.get('/me')).body).to.equal('');
    });

    it('sends userLoggedOut without a user where nobody is logged in (D-297)', async () => {
      const visitor = await open();

      await visitor.post('/logout');

      expect(events).to.deep.equal([['out', null, null]]);
    });

    it('sends userLoginFailed without the secrets, before the answer (D-298)', async () => {
      const visitor = await open();

      expect((await visitor.post('/login', MALLORY)).status).to.equal(401);

      const credentials = { username: 'mallory', password: STARS };
      expect(events).to.deep.equal([['failed', credentials, null]]);
    });

    for (const path of ['/instance', '/both', '/stateless', '/callback']) {
      it(`sends userLoginFailed once for a failure at ${path}`, async () => {
        const visitor = await open({}, { note: (text) => events.push(text) });

        const { status } = await visitor.post(path, MALLORY);

        expect(status).to.equal(path === '/callback' ? 403 : 401);
        const failed = ['failed', { username: 'mallory', password: STARS }, null];
        expect(events).to.deep.equal(path === '/callback' ? [failed, 'decides'] : [failed]);
      });
    }

    it('sends none where another strategy succeeds, or none of a login was tried', async () => {
      const visitor = await open();

      expect(await visitor.post('/both', ADA)).to.deep.equal({ status: 200, body: 'ada' });
      expect((await visitor.post('/token')).status).to.equal(401);
      await visitor.post('/token', {}, { authorization: 'Bearer ada' });

      expect(events.map((event) => (event as string[])[0])).to.deep.equal(['in', 'in']);
    });

    it('sends none for errors, for strategies that there are not, and for accounts that are linked', async () => {
      const visitor = await open();

      const statuses = [
        await visitor.post('/login', { username: 'ada', password: 'broken' }),
        await visitor.post('/callback', { username: 'ada', password: 'broken' }),
        await visitor.post('/unknown', MALLORY),
        await visitor.post('/link', MALLORY),
      ].map(({ status }) => status);

      expect(statuses).to.deep.equal([500, 500, 500, 401]);
      expect(events).to.deep.equal([]);
    });

    it('sends userLoggedIn where a callback logs in, and not without a session', async () => {
      const visitor = await open();

      expect((await visitor.post('/callback', ADA)).body).to.equal('ada');
      expect((await visitor.post('/stateless', ADA)).body).to.equal('ada');

      expect(events).to.deep.equal([['in', ada, null]]);
    });

    it('has failures of several users at once each be their own', async () => {
      const visitor = await open();
      const names = Array.from({ length: 20 }, (_, at) => `user ${at}`);

      await Promise.all(
        names.map((username) => visitor.post('/login', { username, password: 'wrong' })),
      );

      const failed = events.map((event) => (event as [string, { username: string }])[1].username);
      expect(failed.sort()).to.deep.equal(names.sort());
    });

    it('takes credentials from where it is told, and none where that fails', async () => {
      const credentials = (request: object) => {
        const { body } = request as { body: { username: string } };
        if (body.username === 'mallory') throw new Error('of the option');
        return { name: body.username, apiKey: 'hidden' };
      };
      const visitor = await open({ credentials });

      await visitor.post('/login', { username: 'eve', password: 'wrong' });
      await visitor.post('/login', MALLORY);

      expect(events).to.deep.equal([
        ['failed', { name: 'eve', apiKey: STARS }, null],
        ['failed', {}, null],
      ]);
      expect(logged()[0]?.[0]).to.include('"credentials"');
    });

    it('lets no receiver change an answer', async () => {
      for (const signal of [userLoggedIn, userLoggedOut, userLoginFailed]) {
        undos.push(
          (signal as typeof userLoginFailed).connect(async () => {
            throw new Error(`of ${signal.name}`);
          }),
        );
      }
      const visitor = await open();

      expect((await visitor.post('/login', MALLORY)).status).to.equal(401);
      expect(await visitor.post('/login', ADA)).to.deep.equal({ status: 200, body: 'ada' });
      expect(await visitor.post('/logout')).to.deep.equal({ status: 200, body: '' });
      expect((await visitor.get('/me')).body).to.equal('');

      expect(logged()).to.have.lengthOf(3);
    });

    it('works as without where nobody listens', async () => {
      for (const undo of undos.splice(0)) undo();
      const visitor = await open();

      expect((await visitor.post('/login', MALLORY)).status).to.equal(401);
      expect((await visitor.post('/login', ADA)).body).to.equal('ada');
      expect((await visitor.post('/logout')).body).to.equal('');
      expect((await visitor.get('/me')).body).to.equal('');
    });

    it('is undone, also for routes that were made meanwhile, and can be connected again', async () => {
      const visitor = await open();

      disconnect();
      await visitor.post('/login', MALLORY);
      await visitor.post('/login', ADA);
      await visitor.post('/logout');

      expect(events).to.deep.equal([]);
      expect(Object.hasOwn(passport, 'authenticate')).to.equal(false);
      const again = connectPassport(passport, { login: ['local'] });
      disconnect();
      expect(() => connectPassport(passport, { login: [] })).to.throw('before');
      again();
    });

    it('hears logins and logouts of routes that were made before, and warns of their failures once', async () => {
      const warn = fake();
      configure({ logger: { error: fake(), warn } });
      const visitor = await open(
        {},
        {
          connect: () => {},
          connectLate: (made) => {
            connectPassport(made, { login: ['local'] });
          },
        },
      );

      await visitor.post('/login', MALLORY);
      await visitor.post('/login', MALLORY);
      await visitor.post('/login', ADA);
      await visitor.post('/logout');

      expect(events).to.deep.equal([
        ['in', ada, null],
        ['out', ada, null],
      ]);
      expect(warn.args.map(([message]) => message)).to.have.lengthOf(1);
      expect(warn.args[0]?.[0]).to.include('"local"');
    });

    it('connects several passports, each by itself', async () => {
      await open({}, { connect: () => {} });
      const first = site;
      const visitor = await open();

      if (first) await new Visitor(first).post('/login', MALLORY);
      expect(events).to.deep.equal([]);
      await visitor.post('/login', MALLORY);
      expect(events).to.have.lengthOf(1);
      await first?.close();
    });
  });
}

describe('connectPassport()', () => {
  it('refuses what is no Passport, a second call, and options that there are not', () => {
    const passport = new Passport();
    const wrong: [unknown, unknown][] = [
      [{}, { login: ['local'] }],
      [undefined, { login: ['local'] }],
      [{ authenticate() {}, authorize() {} }, { login: ['local'] }],
      [passport, undefined],
      [passport, {}],
      [passport, { login: 'local' }],
      [passport, { login: [''] }],
      [passport, { login: ['local'], credential: () => ({}) }],
      [passport, { login: ['local'], credentials: {} }],
    ];
    for (const [given, options] of wrong) {
      expect(() =>
        connectPassport(given as PassportLike, options as ConnectPassportOptions),
      ).to.throw(InvalidArgumentError);
    }
    connectPassport(passport, { login: [] });
    expect(() => connectPassport(passport, { login: [] })).to.throw(InvalidArgumentError, 'before');
  });
});
