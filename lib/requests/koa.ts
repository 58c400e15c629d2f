/**
 * Atomic requests for Koa: Django's `ATOMIC_REQUESTS`.
 *
 * @packageDocumentation
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkOptions, dressAs, givenName, InvalidArgumentError, peek } from '../base/index.js';
import { transaction } from '../transactions/index.js';
import {
  type AnyHandler,
  assertHandler,
  NON_ATOMIC_RULES,
  type NonAtomicOptions,
} from './marks.js';
import { reportException } from './report-exception.js';
import { isInView, runView } from './view.js';
import { type AtomicViewOptions, checkViewOptions } from './view-options.js';

export type { AnyHandler, NonAtomicOptions } from './marks.js';
export type { AtomicViewOptions } from './view-options.js';

/** What is needed of a context of Koa. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly response: object;
  /** `false` where the view writes to `res` by itself. */
  respond?: boolean | undefined;
}

/** A middleware of Koa, as it is returned here. */
export type KoaMiddleware = (context: KoaContext, next: () => Promise<unknown>) => Promise<void>;

/**
 * A middleware that makes one atomic view of all that comes after it: the block is committed and its
 * callbacks have run when `next()` is fulfilled, and Koa answers after that.
 *
 * @remarks
 * An error that leaves the view rolls back, also `ctx.throw(404)`, and goes on to the middleware before
 * this one, and so does that of a COMMIT that fails; the status, the headers and the body of the view are
 * gone then. Any status that is answered is stored; the option `rollbackOn` decides otherwise. A stream
 * that is given as `ctx.body` is read after the COMMIT. A view that writes to `ctx.res` itself is
 * committed at its first `write()`, and an error after that cuts the connection.
 *
 * Put it behind the middleware that is not to be in the block: sessions, logs, error handlers. A second
 * one inside does nothing. It cannot `retry`, as Koa calls `next()` once; `atomicView` can.
 *
 * @example
 * ```ts
 * import Koa from 'koa';
 * import { atomicRequests } from 'sequelize-signals/koa';
 *
 * const app = new Koa();
 * app.use(atomicRequests());
 * app.use(async (ctx) => {
 *   ctx.body = { stored: true };
 * });
 * ```
 * @throws {@link InvalidArgumentError} when an option is unknown or of the wrong kind.
 */
export function atomicRequests(options: AtomicViewOptions = {}): KoaMiddleware {
  checkViewOptions('atomicRequests()', options);
  if (options.retry !== undefined) {
    throw new InvalidArgumentError(
      'atomicRequests() cannot have "retry" in Koa, which calls next() once. Give it to atomicView(view, { retry }).',
    );
  }
  return async function atomicRequests(context, next) {
    await serve(context, options, '', next);
  };
}

/**
 * Makes a single view of Koa atomic, as `atomicRequests` does with all that comes after it.
 *
 * @example
 * ```ts
 * import Router from '@koa/router';
 * import { atomicView } from 'sequelize-signals/koa';
 *
 * const router = new Router();
 * router.post(
 *   '/orders',
 *   atomicView(async (ctx) => {
 *     ctx.body = { stored: true };
 *   }, { retry: { times: 2 } }),
 * );
 * ```
 * @returns a middleware of the same type, with all that is on `view`.
 * @throws {@link InvalidArgumentError} when `view` is not a function, or an option is unknown or of the
 * wrong kind.
 */
export function atomicView<View extends AnyHandler>(
  view: View,
  options: AtomicViewOptions = {},
): View {
  assertHandler(view, 'atomicView');
  checkViewOptions('atomicView()', options);
  const { atomicView } = {
    atomicView(this: unknown, context: KoaContext, ...others: unknown[]): Promise<void> {
      const call = () => Reflect.apply(view, this, [context, ...others]);
      return serve(context, options, givenName(view), call);
    },
  };
  return dressAs(atomicView as AnyHandler, view) as View;
}

/**
 * Takes a view out of the block that `atomicRequests` opened around it, on any database or on one of
 * them: Django's `non_atomic_requests`.
 *
 * @returns a middleware of the same type, with all that is on `view`.
 * @throws {@link InvalidArgumentError} when `view` is not a function, or an option is unknown or of the
 * wrong kind.
 */
export function nonAtomic<View extends AnyHandler>(
  view: View,
  options: NonAtomicOptions = {},
): View {
  assertHandler(view, 'nonAtomic');
  checkOptions('nonAtomic()', options, NON_ATOMIC_RULES);
  const { nonAtomicView } = {
    nonAtomicView(this: unknown, ...parameters: unknown[]): unknown {
      return transaction.outside(() => Reflect.apply(view, this, parameters), options);
    },
  };
  return dressAs(nonAtomicView as AnyHandler, view) as View;
}

/**
 * A middleware that sends `gotRequestException` for each error that comes to it and becomes a status of
 * 500 or above, and lets it pass. Put it before `atomicRequests`, and behind whatever handles errors.
 *
 * @remarks
 * The signal is sent after the rollback, outside of any block and robustly, and the error goes on when its
 * receivers have settled.
 */
export function reportExceptions(): KoaMiddleware {
  return async function reportExceptions(context, next) {
    try {
      await next();
    } catch (error) {
      // Koa takes a file that is not there for a page that is not there.
      await reportException(context.req, error, peek(error, 'code') === 'ENOENT' ? 404 : 500);
      throw error;
    }
  };
}

async function serve(
  context: KoaContext,
  options: AtomicViewOptions,
  name: string,
  call: () => unknown,
): Promise<void> {
  const { req, res } = context;
  if (isInView(res)) {
    await call();
    return;
  }
  const before = new AnswerBefore(context);
  try {
    const run = await runView({
      name: name || `${req.method} ${req.url?.replace(/\?.*/, '')}`,
      response: res,
      options,
      start: () => {
        before.restore(); // where the view is run again
        return call();
      },
      answersByReturning: () => context.respond !== false,
    });
    await run.rest?.catch((error) => {
      // Koa would put what it answers to an error behind what has been written.
      res.destroy();
      throw error;
    });
  } catch (error) {
    before.restore();
    throw error;
  }
}

/** What a context was going to answer at one moment. */
class AnswerBefore {
  readonly #context: KoaContext;
  readonly #respond: boolean | undefined;
  readonly #response: object;

  constructor(context: KoaContext) {
    this.#context = context;
    this.#respond = context.respond;
    this.#response = { ...context.response };
  }

  /** Koa has the body and what it knows of the status as properties of its own on the response. */
  restore(): void {
    const { response } = this.#context;
    for (const name of Object.keys(response)) {
      if (!Object.hasOwn(this.#response, name)) Reflect.deleteProperty(response, name);
    }
    Object.assign(response, this.#response);
    if (this.#context.respond !== this.#respond) this.#context.respond = this.#respond;
  }
}
