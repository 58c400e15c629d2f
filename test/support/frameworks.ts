import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import express, { type Express } from 'express';
import express4 from 'express4';
import Fastify from 'fastify';
import Koa from 'koa';
import * as forExpress from 'sequelize-signals/express';
import * as forFastify from 'sequelize-signals/fastify';
import * as forKoa from 'sequelize-signals/koa';

/** How a view answers, whatever framework it is written for. */
export interface Answering {
  readonly raw: ServerResponse;
  status(code: number): void;
  header(name: string, value: string): void;
  /** Gives the whole answer. */
  send(body: string): void;
}

export type PlainView = (answering: Answering) => unknown;

/** What is to be served. */
export interface Service {
  readonly view: PlainView;
  readonly options?: forExpress.AtomicViewOptions | undefined;
  /** Takes the view out. */
  readonly nonAtomic?: boolean | undefined;
  /** Options for the view alone, which is wrapped by itself then. */
  readonly own?: forExpress.AtomicViewOptions | undefined;
  /** Is called before the view, as a middleware. */
  readonly before?: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** Is called with each error that is handled; the answer is a 500 that says `handled` and its message. */
  readonly failed?: ((error: unknown) => void) | undefined;
}

/** A framework with atomic requests. */
export interface Framework {
  readonly name: string;
  /** Whether the answer is given by returning, so that nothing can come after it. */
  readonly answersLast: boolean;
  serve(service: Service): Promise<Server>;
}

function serveExpress(make: () => Express): Framework['serve'] {
  return async ({ view, options, own, nonAtomic, before, failed }) => {
    const app = make();
    app.set('env', 'test'); // or errors in the middle of a stream are printed
    app.use((request, response, next) => {
      before?.(request, response);
      next();
    });
    if (!own) forExpress.atomicRequests(app, options);
    const handler: express.RequestHandler = (_request, response) =>
      view({
        raw: response,
        status: (code) => void response.status(code),
        header: (name, value) => void response.set(name, value),
        send: (body) => void response.send(body),
      }) as Promise<void>;
    if (own) app.all('/', forExpress.atomicView(handler, own));
    else app.all('/', nonAtomic ? forExpress.nonAtomic(awaited(handler)) : handler);
    app.use(forExpress.reportExceptions());
    const handle: express.ErrorRequestHandler = (error, _request, response, next) => {
      failed?.(error);
      if (response.headersSent) next(error);
      else response.status(500).send(`handled ${messageOf(error)}`);
    };
    app.use(handle);
    return createServer(app);
  };
}

/** Express 4 awaits no handler. */
function awaited(handler: express.RequestHandler): express.RequestHandler {
  return async (request, response, next) => {
    try {
      await handler(request, response, next);
    } catch (error) {
      next(error);
    }
  };
}

const serveFastify: Framework['serve'] = async (service) => {
  const { view, options = {}, own, nonAtomic, before, failed } = service;
  const app = Fastify();
  app.addHook('onRequest', (request, reply, done) => {
    before?.(request.raw, reply.raw);
    done();
  });
  await app.register(forFastify.atomicRequests, options);
  await app.register(forFastify.reportExceptions);
  app.setErrorHandler((error, _request, reply) => {
    failed?.(error);
    reply.code(500).send(`handled ${messageOf(error)}`);
  });
  app.route({
    method: ['GET', 'HEAD', 'POST'],
    url: '/',
    config: { atomic: own ?? !nonAtomic },
    handler: (_request, reply) =>
      view({
        raw: reply.raw,
        status: (code) => void reply.code(code),
        header: (name, value) => void reply.header(name, value),
        send: (body) => void reply.send(body),
      }) as Promise<void>,
  });
  await app.ready();
  return app.server;
};

const serveKoa: Framework['serve'] = async (service) => {
  const { view, options, own, nonAtomic, before, failed } = service;
  const app = new Koa();
  app.on('error', () => {});
  app.use((context, next) => {
    before?.(context.req, context.res);
    return next();
  });
  app.use(async (context, next) => {
    try {
      await next();
    } catch (error) {
      failed?.(error);
      context.status = 500;
      context.body = `handled ${messageOf(error)}`;
    }
  });
  app.use(forKoa.reportExceptions());
  if (!own) app.use(forKoa.atomicRequests(options));
  const middleware: Koa.Middleware = (context) =>
    view({
      raw: context.res,
      status: (code) => {
        context.status = code;
      },
      header: (name, value) => context.set(name, value),
      send: (body) => {
        context.body = body;
      },
    });
  if (own) app.use(forKoa.atomicView(middleware, own));
  else app.use(nonAtomic ? forKoa.nonAtomic(middleware) : middleware);
  return createServer(app.callback());
};

/** The matrix of frameworks. */
export const FRAMEWORKS: readonly Framework[] = [
  { name: 'Express 5', answersLast: false, serve: serveExpress(express) },
  {
    name: 'Express 4',
    answersLast: false,
    serve: serveExpress(express4 as unknown as () => Express),
  },
  { name: 'Fastify 5', answersLast: false, serve: serveFastify },
  { name: 'Koa 3', answersLast: true, serve: serveKoa },
];

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
