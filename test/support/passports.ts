import { createServer, type Server } from 'node:http';
import cookie from '@fastify/cookie';
import { Authenticator as FastifyPassport, Strategy as FastifyStrategy } from '@fastify/passport';
import fastifySession from '@fastify/session';
import express from 'express';
import session from 'express-session';
import Fastify, { type FastifyRequest } from 'fastify';
import { Passport, type Strategy } from 'passport';
import { Strategy as LocalStrategy } from 'passport-local';
import type { PassportLike } from 'sequelize-signals/passport';

/** Who may log in, by name. The password of everybody is `right`, and `broken` is that of an error. */
export type Users = ReadonlyMap<string, object>;

/** What is to be served. */
export interface LoginService {
  readonly users: Users;
  /** Is given the Passport before routes are defined. */
  connect(passport: PassportLike): void;
  /** As `connect`, but after that. */
  readonly connectLate?: ((passport: PassportLike) => void) | undefined;
  /** Is called when a route goes on, before it answers. */
  readonly note?: ((text: string) => void) | undefined;
}

/**
 * An application with a Passport and sessions. Its routes answer with the name of the user that they know,
 * or with nothing.
 *
 * | route | logs in by |
 * | --- | --- |
 * | `/login` | the strategy `local` |
 * | `/instance` | an instance of it that is not registered |
 * | `/both` | the strategy `token`, or else `local` |
 * | `/token` | the strategy `token` |
 * | `/unknown` | `local`, or else a strategy that there is not |
 * | `/callback` | `local`, and a callback that decides |
 * | `/stateless` | `local`, without a session |
 * | `/link` | `local`, for an account and not for a login |
 * | `/logout` | the end of the session |
 * | `/me` | the session |
 */
export interface LoginFramework {
  readonly name: string;
  serve(service: LoginService): Promise<Server>;
}

type Verified = (error: unknown, user?: object | false) => void;

function verify(users: Users, name: string, password: string, done: Verified): void {
  if (password === 'broken') done(new Error('The users cannot be read.'));
  else done(null, (password === 'right' && users.get(name)) || false);
}

function nameOf(users: Users, user: unknown): string {
  return [...users].find(([, known]) => known === user)?.[0] ?? '';
}

interface Tokens {
  fail(status: number): void;
  success(user: object): void;
}

function readToken(strategy: Tokens, users: Users, header: unknown): void {
  const user = users.get(String(header).replace(/^Bearer /, ''));
  if (user) strategy.success(user);
  else strategy.fail(401);
}

/** A strategy of `passport`, which is called on an object that is made of it. */
function tokenStrategy(users: Users): Strategy {
  return {
    name: 'token',
    authenticate(request) {
      readToken(this, users, request.headers.authorization);
    },
  };
}

const serveExpress: LoginFramework['serve'] = async ({ users, connect, connectLate, note }) => {
  const passport = new Passport();
  const local = () =>
    new LocalStrategy((name, password, done) => verify(users, name, password, done));
  passport.use(local());
  passport.use(tokenStrategy(users));
  passport.serializeUser((user, done) => done(null, nameOf(users, user)));
  passport.deserializeUser((name, done) => done(null, users.get(String(name)) as Express.User));
  connect(passport);

  const app = express();
  app.set('env', 'test');
  app.use(express.json());
  app.use(session({ secret: 'of the test', resave: false, saveUninitialized: true }));
  app.use(passport.session());
  const answer: express.RequestHandler = (request, response) => {
    note?.('goes on');
    response.send(nameOf(users, request.user));
  };
  app.get('/me', answer);
  app.post('/login', passport.authenticate('local'), answer);
  app.post('/instance', passport.authenticate(local()), answer);
  app.post('/both', passport.authenticate(['token', 'local']), answer);
  app.post('/token', passport.authenticate('token'), answer);
  app.post('/unknown', passport.authenticate(['local', 'nobody']), answer);
  app.post('/stateless', passport.authenticate('local', { session: false }), answer);
  app.post('/link', passport.authorize('local'), answer);
  app.post('/callback', (request, response, next) => {
    const decide = (error: unknown, user: Express.User | false) => {
      note?.('decides');
      if (error) next(error);
      else if (!user) response.status(403).send('nobody');
      else
        request.logIn(user, (failed) => (failed ? next(failed) : answer(request, response, next)));
    };
    passport.authenticate('local', decide)(request, response, next);
  });
  app.post('/logout', (request, response, next) => {
    request.logout((error) => (error ? next(error) : answer(request, response, next)));
  });
  connectLate?.(passport);
  return createServer(app);
};

class FastifyLocal extends FastifyStrategy {
  readonly users: Users;

  constructor(users: Users) {
    super('local');
    this.users = users;
  }

  override authenticate({ body }: FastifyRequest): void {
    const { username = '', password = '' } = Object(body) as Record<string, string>;
    verify(this.users, username, password, (error, user) => {
      if (error) this.error(error as Error);
      else if (user) this.success(user);
      else this.fail(401);
    });
  }
}

class FastifyToken extends FastifyStrategy {
  readonly users: Users;

  constructor(users: Users) {
    super('token');
    this.users = users;
  }

  override authenticate({ headers }: FastifyRequest): void {
    readToken(this, this.users, headers.authorization);
  }
}

const serveFastify: LoginFramework['serve'] = async ({ users, connect, connectLate, note }) => {
  const passport = new FastifyPassport();
  passport.use(new FastifyLocal(users));
  passport.use(new FastifyToken(users));
  passport.registerUserSerializer(async (user) => nameOf(users, user));
  passport.registerUserDeserializer(async (name: string) => users.get(name));
  connect(passport);

  const app = Fastify();
  await app.register(cookie);
  await app.register(fastifySession, {
    secret: 'a secret of the test with 32 letters',
    cookie: { secure: false },
  });
  await app.register(passport.initialize());
  await app.register(passport.secureSession());
  const answer = async (request: { user?: unknown }) => {
    note?.('goes on');
    return nameOf(users, request.user);
  };
  const route = (
    url: string,
    preValidation: ReturnType<InstanceType<typeof FastifyPassport>['authenticate']>,
  ) => app.post(url, { preValidation }, answer);
  app.get('/me', answer);
  route('/login', passport.authenticate('local'));
  route('/instance', passport.authenticate(new FastifyLocal(users)));
  route('/both', passport.authenticate(['token', 'local']));
  route('/token', passport.authenticate('token'));
  route('/unknown', passport.authenticate(['local', 'nobody']));
  route('/stateless', passport.authenticate('local', { session: false }));
  route('/link', passport.authorize('local'));
  route(
    '/callback',
    passport.authenticate('local', async (request, reply, error, user) => {
      note?.('decides');
      if (error) throw error;
      if (user) await request.logIn(user as never);
      else reply.code(403).send('nobody');
    }),
  );
  app.post('/logout', async (request) => {
    await request.logOut();
    return answer(request);
  });
  connectLate?.(passport);
  await app.ready();
  return app.server;
};

/** The matrix of Passports. */
export const LOGIN_FRAMEWORKS: readonly LoginFramework[] = [
  { name: 'Passport with Express', serve: serveExpress },
  { name: '@fastify/passport', serve: serveFastify },
];
