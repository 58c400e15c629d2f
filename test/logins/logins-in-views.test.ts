import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import express from 'express';
import session from 'express-session';
import { Passport } from 'passport';
import { Strategy } from 'passport-local';
import { transaction } from 'sequelize-signals';
import { userLoggedIn, userLoginFailed } from 'sequelize-signals/auth';
import { atomicRequests } from 'sequelize-signals/express';
import { connectPassport } from 'sequelize-signals/passport';
import { type Bench, describeTransactions } from '../support/ledger.js';
import { captureLog } from '../support/logged.js';
import { Site } from '../support/site.js';

describeTransactions('logins in atomic views', (bench) => {
  const logged = captureLog();
  let undos: (() => unknown)[];
  let site: Site;
  let inBlock: boolean[];

  beforeEach(async () => {
    inBlock = [];
    const note = () => void inBlock.push(transaction.inAtomicBlock());
    undos = [userLoggedIn.connect(note), userLoginFailed.connect(note)];
    site = await Site.open(makeServer(bench));
  });
  afterEach(async () => {
    for (const undo of undos) undo();
    await site.close();
  });

  it('are told of outside of the block by a strategy before the view', async () => {
    undos.push(userLoggedIn.connect(() => bench.ledger.do('login')));

    expect((await site.get('/strategy?name=ada')).status).to.equal(500);
    await site.get('/strategy');

    expect(inBlock).to.deep.equal([false, false]);
    await bench.ledger.expectDone(['login']);
  });

  it('are told of in the block by the view, before the answer leaves', async () => {
    undos.push(userLoggedIn.connect(() => bench.ledger.do('login')));

    expect((await site.get('/view')).status).to.equal(500);
    expect(await site.get('/view?name=ada')).to.include({ status: 200, body: 'welcome' });

    expect(inBlock).to.deep.equal([true, true]);
    await bench.ledger.expectDone(['view', 'login']);
  });

  it('that are undone with their view leave a session', async () => {
    undos.push(userLoggedIn.connect(() => bench.ledger.do('login')));

    const told = await site.get('/view?name=ada&fails=1');
    const cookie = told.headers['set-cookie']?.[0]?.replace(/;.*/, '') ?? '';

    expect(told.status).to.equal(500);
    expect((await site.get('/me', 'GET', { cookie })).body).to.equal('ada');
    await bench.ledger.expectDone([]);
  });

  it('break no view by a receiver that fails in the database', async () => {
    undos.push(userLoggedIn.connect(() => bench.ledger.do('view')));

    expect(await site.get('/view?name=ada')).to.include({ status: 200, body: 'welcome' });

    expect(logged()).to.have.lengthOf(1);
    await bench.ledger.expectDone(['view']);
  });
});

function makeServer({ ledger }: Bench): Server {
  const passport = new Passport();
  const strategy = new Strategy({ usernameField: 'name', passwordField: 'name' }, (name, _, done) =>
    done(null, { name }),
  );
  passport.use(strategy);
  passport.serializeUser((user, done) => done(null, (user as { name: string }).name));
  passport.deserializeUser((name, done) => done(null, { name } as Express.User));
  connectPassport(passport, { login: ['local'] });

  const app = express();
  app.set('env', 'test');
  app.use(session({ secret: 'of the test', resave: false, saveUninitialized: false }));
  app.use(passport.session());
  atomicRequests(app);
  app.get('/strategy', passport.authenticate('local'), async () => {
    await ledger.do('undone');
    throw new Error('of the view');
  });
  app.get('/view', async (request, response) => {
    await ledger.do('view');
    const user = await new Promise<Express.User | false | null | undefined>((resolve) => {
      passport.authenticate('local', (_error: unknown, found?: Express.User | false) =>
        resolve(found),
      )(request, response, () => {});
    });
    if (!user) {
      response.status(403).end();
      throw new Error('of nobody');
    }
    await new Promise((resolve) => request.logIn(user, resolve));
    response.send('welcome');
    if (request.query.fails) throw new Error('of the view');
  });
  app.get('/me', (request, response) => {
    response.send((request.user as { name: string }).name);
  });
  return createServer(app);
}
