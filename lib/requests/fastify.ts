/**
 * Atomic requests for Fastify 5: Django's `ATOMIC_REQUESTS`.
 *
 * @packageDocumentation
 */
import type {
  FastifyInstance,
  FastifyPluginCallback,
  FastifyReply,
  FastifyRequest,
  RouteHandlerMethod,
  RouteOptions,
} from 'fastify';
import { dressAs, givenName } from '../base/index.js';
import { FastifyView } from './fastify-view.js';
import { outsideOfView } from './held-response.js';
import { reportException } from './report-exception.js';
import { type AtomicViewOptions, checkViewOptions } from './view-options.js';

export type { AtomicViewOptions } from './view-options.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `false` takes the route out of the atomic requests; options are for this route alone. */
    atomic?: boolean | AtomicViewOptions | undefined;
  }
}

/** On the configuration of routes whose handler has been wrapped, with the options that hold for it. */
const WRAPPED = Symbol('sequelize-signals.atomicRequests');

/**
 * A plugin that makes an atomic view of each route in its scope: the handler runs in a block, and what it
 * answers leaves when that is committed and its callbacks have run.
 *
 * @remarks
 * The view ends when it has answered and the promise of its handler is fulfilled, or waits for the answer
 * as `return reply` does. An error rolls back and goes to the error handler, also one of `reply.send(error)`,
 * of a schema of the response, or of a COMMIT that fails; the status and the headers of the view are gone
 * then. Any status that is answered is stored; the option `rollbackOn` decides otherwise. A stream is read
 * after the COMMIT. A handler that writes to `reply.raw` is committed at its first `write()`.
 *
 * Hooks are outside of the block, but for those of `onSend` that were added before the plugin: register it
 * before sessions and compression. `config: { atomic: false }` takes a route out, and `config: { atomic: {
 * … } }` has options for it alone. Routes of websockets are never atomic. `await` the registration, or
 * define routes in plugins: those that are defined before it is loaded begin their block in `preHandler`,
 * and end it with their answer, whatever their promise does after that.
 *
 * @example
 * ```ts
 * import Fastify from 'fastify';
 * import { atomicRequests } from 'sequelize-signals/fastify';
 *
 * const app = Fastify();
 * await app.register(atomicRequests);
 * app.post('/orders', async () => ({ stored: true }));
 * app.get('/health', { config: { atomic: false } }, async () => ({}));
 * ```
 * @throws {@link InvalidArgumentError} when an option is unknown or of the wrong kind.
 */
export const atomicRequests: FastifyPluginCallback<AtomicViewOptions> = asPlugin(
  'sequelize-signals/atomic-requests',
  function atomicRequests(fastify, options: AtomicViewOptions) {
    checkViewOptions('atomicRequests()', options);
    fastify.addHook('onRoute', (route) => wrapRoute(route, options));
    fastify.addHook('preHandler', (request, reply, done) => {
      const view = viewBeforeHandler(request, reply, options);
      if (view) view.begin(done);
      else done();
    });
    fastify.addHook('onSend', (_request, reply, payload, done) => {
      const view = FastifyView.of(reply);
      if (view) view.answer(payload, done);
      else done(null, payload);
    });
    fastify.addHook('onError', (_request, reply, error, done) => {
      const view = FastifyView.of(reply);
      if (view) view.fail(error, done);
      else done();
    });
  },
);

/**
 * A plugin that sends `gotRequestException` for each error in its scope that becomes a status of 500 or
 * above.
 *
 * @remarks
 * The signal is sent after the rollback, if the plugin is registered after `atomicRequests`, outside of any
 * block and robustly, and the error handler is called when its receivers have settled.
 */
export const reportExceptions: FastifyPluginCallback = asPlugin(
  'sequelize-signals/report-exceptions',
  function reportExceptions(fastify) {
    fastify.addHook('onError', (request, reply, error, done) => {
      const pass = () => outsideOfView(done);
      reportException(request.raw, error, reply.statusCode).then(pass, pass);
    });
  },
);

/** Has the hooks be those of the scope in which the plugin is registered. */
function asPlugin<Options extends object>(
  name: string,
  register: (fastify: FastifyInstance, options: Options) => void,
): FastifyPluginCallback<Options> {
  const plugin: FastifyPluginCallback<Options> = (fastify, options, done) => {
    try {
      register(fastify, options);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
  return Object.defineProperties(plugin, {
    name: { value: register.name },
    [Symbol.for('skip-override')]: { value: true },
    [Symbol.for('fastify.display-name')]: { value: name },
  });
}

/** The options of a route; `undefined` where it is not atomic. */
function optionsOf(
  config: RouteOptions['config'],
  options: AtomicViewOptions,
): AtomicViewOptions | undefined {
  const atomic = config?.atomic ?? true;
  if (atomic === false) return undefined;
  if (atomic === true) return { ...options, retry: undefined };
  checkViewOptions('config.atomic', atomic);
  return { ...options, ...atomic };
}

function wrapRoute(route: RouteOptions & Websockets, options: AtomicViewOptions): void {
  const { config, handler } = route;
  if (config && WRAPPED in config) return;
  const own = route.websocket || route.wsHandler ? undefined : optionsOf(config, options);
  Object.assign(route, { config: { ...config, [WRAPPED]: own } });
  if (own) route.handler = wrapHandler(handler, own);
}

/** What `@fastify/websocket` adds to routes. */
interface Websockets {
  readonly websocket?: boolean;
  readonly wsHandler?: unknown;
}

function wrapHandler(handler: RouteHandlerMethod, options: AtomicViewOptions): RouteHandlerMethod {
  const { atomicView } = {
    atomicView(this: FastifyInstance, request: FastifyRequest, reply: FastifyReply): unknown {
      const call = () => Reflect.apply(handler, this, [request, reply]);
      return new FastifyView(nameOf(handler, request), reply, options).run(call);
    },
  };
  return dressAs(atomicView as RouteHandlerMethod, handler);
}

/** The view of a route that was defined before the plugin was loaded. */
function viewBeforeHandler(
  request: FastifyRequest,
  reply: FastifyReply,
  options: AtomicViewOptions,
): FastifyView | undefined {
  const { config, handler } = request.routeOptions;
  if (WRAPPED in config) return undefined;
  const own = optionsOf(config, options);
  return own && new FastifyView(nameOf(handler, request), reply, { ...own, retry: undefined });
}

function nameOf(handler: RouteHandlerMethod, { method, routeOptions }: FastifyRequest): string {
  return givenName(handler) || `${method} ${routeOptions.url}`;
}
