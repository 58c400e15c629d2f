import type { IncomingMessage, ServerResponse } from 'node:http';
import Router, { type RouterContext } from '@koa/router';
import { expectTypeOf } from 'expect-type';
import express, { type Request, type RequestHandler } from 'express';
import express4 from 'express4';
import Fastify, { type FastifyContextConfig } from 'fastify';
import Koa from 'koa';
import * as forExpress from 'sequelize-signals/express';
import * as forFastify from 'sequelize-signals/fastify';
import {
  connectHttp,
  gotRequestException,
  requestFinished,
  requestStarted,
} from 'sequelize-signals/http';
import * as forKoa from 'sequelize-signals/koa';

// These never run: they pass by compiling.
export function viewsOfExpressKeepTheirTypes(): void {
  const typed = async (request: Request<{ id: string }>, _response: express.Response) =>
    request.params.id;
  expectTypeOf(forExpress.atomicView(typed)).toEqualTypeOf(typed);
  expectTypeOf(forExpress.nonAtomic(typed)).toEqualTypeOf(typed);
  expectTypeOf(forExpress.repeatable(typed)).toEqualTypeOf(typed);

  const described = forExpress.atomicView(Object.assign(typed, { docs: 'of the view' }));
  expectTypeOf(described.docs).toEqualTypeOf<string>();
}

export function viewsOfExpressAreInferredWhereTheyAreUsed(): void {
  const app = express();
  forExpress.atomicRequests(app, { grace: 1000 });
  forExpress.atomicRequests(express.Router());
  app.use(forExpress.reportExceptions());
  app.get(
    '/orders/:id',
    forExpress.atomicView((request, response, next) => {
      expectTypeOf(request.params.id).toEqualTypeOf<string>();
      response.json({});
      next();
    }),
  );
  app.get(
    '/health/:name',
    forExpress.nonAtomic((request, response) => {
      expectTypeOf(request.params.name).toEqualTypeOf<string>();
      response.json({});
    }),
  );
  const handler: RequestHandler = forExpress.atomicView((_request, response) => {
    response.json({});
  });
  app.get('/', handler);
}

export function viewsOfExpress4AreTypedToo(): void {
  const app = express4();
  forExpress.atomicRequests(app);
  forExpress.atomicRequests(express4.Router());
  app.use(forExpress.reportExceptions());
  app.get(
    '/orders/:id',
    forExpress.atomicView((request, response) => {
      expectTypeOf(request.params.id).toEqualTypeOf<string>();
      response.json({});
    }),
  );
}

export async function routesOfFastifyHaveTheirConfiguration(): Promise<void> {
  const app = Fastify();
  await app.register(forFastify.atomicRequests, { grace: 1000 });
  await app.register(forFastify.atomicRequests);
  await app.register(forFastify.reportExceptions);
  app.get('/', { config: { atomic: false } }, async () => ({}));
  app.get('/', { config: { atomic: { retry: { times: 2 } } } }, async () => ({}));
  expectTypeOf<FastifyContextConfig['atomic']>().toEqualTypeOf<
    boolean | forFastify.AtomicViewOptions | undefined
  >();
}

export function viewsOfKoaKeepTheirTypes(): void {
  const app = new Koa();
  app.use(forKoa.reportExceptions());
  app.use(forKoa.atomicRequests({ rollbackOn: ({ statusCode }) => statusCode >= 400 }));
  app.use(
    forKoa.atomicView(async (context, next) => {
      expectTypeOf(context.status).toEqualTypeOf<number>();
      await next();
    }),
  );
  const router = new Router();
  router.use(forKoa.atomicRequests());
  router.get(
    '/orders/:id',
    forKoa.nonAtomic(async (context: RouterContext) => {
      context.body = context.params.id;
    }),
  );
  const typed = async (context: Koa.Context) => context.path;
  expectTypeOf(forKoa.atomicView(typed)).toEqualTypeOf(typed);
}

export function signalsOfRequestsAreTyped(): void {
  requestStarted.connect(({ request }) => {
    expectTypeOf(request).toEqualTypeOf<IncomingMessage>();
  });
  requestFinished.connect(({ request, response, aborted }) => {
    expectTypeOf(request).toEqualTypeOf<IncomingMessage>();
    expectTypeOf(response).toEqualTypeOf<ServerResponse>();
    expectTypeOf(aborted).toEqualTypeOf<boolean>();
  });
  gotRequestException.connect(({ request, error }) => {
    expectTypeOf(request).toEqualTypeOf<IncomingMessage>();
    expectTypeOf(error).toEqualTypeOf<unknown>();
  });
  expectTypeOf(connectHttp()).toEqualTypeOf<() => void>();
}
