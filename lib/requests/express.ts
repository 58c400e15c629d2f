/**
 * Atomic requests for Express 4 and 5: Django's `ATOMIC_REQUESTS`.
 *
 * @packageDocumentation
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dressAs, givenName, InvalidArgumentError, show } from '../base/index.js';
import { type ExpressRouter, ExpressRoutes, isErrorHandler } from './express-routes.js';
import { outsideOfView } from './held-response.js';
import { type AnyHandler, assertHandler } from './marks.js';
import { reportException } from './report-exception.js';
import { isInView, runView, type ViewRun } from './view.js';
import { type AtomicViewOptions, checkViewOptions } from './view-options.js';

export type { ExpressRouter } from './express-routes.js';
export { type AnyHandler, type NonAtomicOptions, nonAtomic, repeatable } from './marks.js';
export type { AtomicViewOptions } from './view-options.js';

/** What Express calls a handler with. */
interface Request extends IncomingMessage {
  /** Where Express itself hands errors on, as from `response.sendFile()`. */
  next?: Next | undefined;
}

type Next = (error?: unknown) => void;

const atomicViews = new WeakSet<AnyHandler>();

/**
 * Makes the last handler of each route that is defined from then on an atomic view, as `atomicView`
 * does, also on the routers that are mounted from then on. Handlers before it, middleware and error
 * handlers are outside of the block.
 *
 * @remarks
 * What is marked by `nonAtomic` is left alone, be it a handler or a router. The option `retry` is for
 * the handlers that are marked by `repeatable`. A router that is mounted at several places is atomic at
 * all of them. What `use()` is given is middleware: wrap it in `atomicView` where it is a view.
 *
 * @example
 * ```ts
 * import express from 'express';
 * import { atomicRequests, nonAtomic } from 'sequelize-signals/express';
 *
 * const app = express();
 * atomicRequests(app);
 * app.post('/orders', async (request, response) => {
 *   response.json({ stored: true });
 * });
 * app.get('/health', nonAtomic((request, response) => void response.json({})));
 * ```
 * @returns the undo. The routes that have been defined stay as they are.
 * @throws {@link InvalidArgumentError} when it is given no application or router, or an option is
 * unknown or of the wrong kind.
 */
export function atomicRequests(router: ExpressRouter, options: AtomicViewOptions = {}): () => void {
  if (!isRouterLike(router)) {
    throw new InvalidArgumentError(
      `atomicRequests() needs an application or a router of Express, not ${show(router)}.`,
    );
  }
  checkViewOptions('atomicRequests()', options);
  const routes = new ExpressRoutes(options, makeAtomic);
  routes.watch(router);
  return () => routes.unwatch();
}

function isRouterLike(given: unknown): boolean {
  const { route, use } = Object(given);
  return typeof route === 'function' && typeof use === 'function';
}

/**
 * Makes a handler of a route an atomic view: it runs in a block, and what it answers leaves when that
 * is committed and its callbacks have run.
 *
 * @remarks
 * The view ends when the promise that it returns is fulfilled; without one, when it has answered. An
 * error of it, by a rejection or by `next(error)`, rolls back and goes to the error handlers, and so does
 * that of a COMMIT that fails; the status and the headers of the view are gone then, and it does not
 * matter whether it had answered. Any status that is answered is stored, also 500; `rollbackOn` decides
 * otherwise. `next()` stores as well, and goes on outside of the block.
 *
 * A view that streams is committed at its first `write()`, so its errors from then on undo nothing.
 * Where the client has gone away, the view goes on.
 *
 * @example
 * ```ts
 * import express from 'express';
 * import { atomicView } from 'sequelize-signals/express';
 *
 * const router = express.Router();
 * router.post(
 *   '/orders/:id',
 *   atomicView(async (request, response) => {
 *     response.status(201).json({ id: request.params.id });
 *   }),
 * );
 * ```
 * @returns a handler of the same type, with all that is on `handler`. It returns a promise that is
 * fulfilled when the view is over.
 * @throws {@link InvalidArgumentError} when `handler` is not a function or handles errors, or an option
 * is unknown or of the wrong kind.
 */
export function atomicView<Handler extends AnyHandler>(
  handler: Handler,
  options: AtomicViewOptions = {},
): Handler {
  assertHandler(handler, 'atomicView');
  checkViewOptions('atomicView()', options);
  if (isErrorHandler(handler)) {
    throw new InvalidArgumentError(
      'atomicView() was given an error handler, which is called after the rollback. Use atomic() in it.',
    );
  }
  return makeAtomic(handler, options) as Handler;
}

function makeAtomic(handler: AnyHandler, options: AtomicViewOptions): AnyHandler {
  if (atomicViews.has(handler)) return handler;
  const { atomicView } = {
    atomicView(this: unknown, request: Request, response: ServerResponse, next: Next): unknown {
      const call = (ownNext: Next) => Reflect.apply(handler, this, [request, response, ownNext]);
      if (isInView(response)) return call(next);
      return new ExpressView(nameOf(handler, request), request, response, next).run(options, call);
    },
  };
  const view = dressAs(atomicView as AnyHandler, handler);
  atomicViews.add(view);
  return view;
}

/** A view is called by its name, or by what was asked for, without what may be secret in the query. */
function nameOf(handler: AnyHandler, { method, url }: Request): string {
  return givenName(handler) || `${method} ${url?.replace(/\?.*/, '')}`;
}

/** One call of an atomic view. */
class ExpressView {
  readonly #name: string;
  readonly #request: Request;
  readonly #response: ServerResponse;
  readonly #next: Next;
  readonly #requestsNext: Next | undefined;
  #passed: Parameters<Next> = [];

  constructor(name: string, request: Request, response: ServerResponse, next: Next) {
    this.#name = name;
    this.#request = request;
    this.#response = response;
    this.#next = next;
    this.#requestsNext = request.next;
  }

  async run(options: AtomicViewOptions, call: (next: Next) => unknown): Promise<void> {
    try {
      const run = await runView({
        name: this.#name,
        response: this.#response,
        options,
        start: (run) => {
          const next = this.#nextOf(run);
          this.#request.next = next;
          return call(next);
        },
      });
      this.#leave();
      if (run.ending === 'passed') this.#next(...this.#passed);
      await run.rest;
    } catch (error) {
      this.#leave();
      // Where there is no error, next() would go on with the next handler.
      this.#next(error || new Error('The view was rejected without an error.', { cause: error }));
    }
  }

  #nextOf(run: ViewRun): Next {
    return (...parameters) => {
      const [error] = parameters;
      if (run.isOver && run.ending !== undefined) {
        outsideOfView(() => this.#next(...parameters));
      } else if (!error || error === 'route' || error === 'router') {
        this.#passed = parameters;
        run.pass();
      } else {
        run.fail(error);
      }
    };
  }

  #leave(): void {
    this.#request.next = this.#requestsNext;
  }
}

/**
 * An error handler that sends `gotRequestException` for each error that becomes a status of 500 or
 * above, and hands it on. Put it before the error handler that answers, and behind all routes.
 *
 * @remarks
 * The status is that of the error, by its `status` or `statusCode`, or else that of the response, as in
 * Express itself. The signal is sent after the rollback, outside of any block and robustly, and the error
 * is handed on when its receivers have settled.
 *
 * @example
 * ```ts
 * import express from 'express';
 * import { reportExceptions } from 'sequelize-signals/express';
 * import { gotRequestException } from 'sequelize-signals/http';
 *
 * gotRequestException.connect(({ request, error }) => console.error(request.url, error));
 *
 * const app = express();
 * app.use(reportExceptions());
 * ```
 */
export function reportExceptions(): (
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void {
  return (error, request, response, next) => {
    const pass = () => next(error);
    reportException(request, error, response.statusCode).then(pass, pass);
  };
}
