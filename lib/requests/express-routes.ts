import { METHODS } from 'node:http';
import { InvalidArgumentError, override } from '../base/index.js';
import type { Using } from '../transactions/index.js';
import { type AnyHandler, isRepeatable, withoutNonAtomic } from './marks.js';
import { type AtomicViewOptions, usingsOf } from './view-options.js';

/** What `atomicRequests` needs of an application or a router of Express. */
export interface ExpressRouter {
  // biome-ignore lint/suspicious/noExplicitAny: it is called by Express, with whatever it was called with.
  route(path: any): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  use(...handlers: any[]): unknown;
}

/** A layer of a router's stack, or of a route's. */
interface Layer {
  handle?: unknown;
  readonly method?: string | undefined;
  readonly route?: { readonly stack?: readonly Layer[] } | undefined;
}

type MakeAtomic = (handler: AnyHandler, options: AtomicViewOptions) => AnyHandler;

/** The names of the methods by which a handler is put on a route. */
const VERBS = ['all', ...METHODS.map((method) => method.toLowerCase())];

/** The routers that are watched: each by one, as a handler is in one block of its own. */
const watched = new WeakSet<object>();

/** Has the last handler of each route of some routers be an atomic view. */
export class ExpressRoutes {
  readonly #options: AtomicViewOptions;
  readonly #makeAtomic: MakeAtomic;
  readonly #undos: (() => boolean)[] = [];

  constructor(options: AtomicViewOptions, makeAtomic: MakeAtomic) {
    this.#options = options;
    this.#makeAtomic = makeAtomic;
  }

  /** Watches what is defined on a router from now on. */
  watch(router: ExpressRouter): void {
    if (watched.has(router)) {
      throw new InvalidArgumentError(
        'atomicRequests() was called for this router before. Name several databases at once: { using: [ … ] }.',
      );
    }
    watched.add(router);
    this.#undos.push(() => watched.delete(router));
    this.#watchVerbs(router);
    this.#replace(router, 'route', (route) => (...parameters) => {
      const made = route(...parameters);
      this.#watchVerbs(Object(made));
      return made;
    });
    this.#replace(router, 'use', (use) => (...parameters) => {
      for (const mounted of functionsIn(parameters)) {
        if (isRouter(mounted)) this.#adopt(mounted);
      }
      return use(...parameters);
    });
  }

  /** What has been defined stays as it is. */
  unwatch(): void {
    for (const undo of this.#undos.splice(0)) undo();
  }

  #watchVerbs(target: object): void {
    for (const verb of VERBS) {
      this.#replace(
        target,
        verb,
        (define) =>
          (...parameters) =>
            define(...withLastReplaced(parameters, (handler) => this.#atomic(handler))),
      );
    }
  }

  #replace(target: object, name: string, wrap: (original: AnyHandler) => AnyHandler): void {
    const method: unknown = Reflect.get(target, name);
    if (typeof method !== 'function') return;
    this.#undos.push(override(target, name, { value: wrap(method.bind(target)) }));
  }

  #atomic(handler: AnyHandler): AnyHandler {
    if (isRouter(handler)) {
      this.#adopt(handler);
      return handler;
    }
    const options = this.#optionsFor(handler);
    if (options === undefined) return handler;
    return this.#makeAtomic(
      handler,
      isRepeatable(handler) ? options : { ...options, retry: undefined },
    );
  }

  #optionsFor(handler: AnyHandler): AtomicViewOptions | undefined {
    const using: readonly Using[] = withoutNonAtomic(handler, usingsOf(this.#options));
    return using.length === 0 ? undefined : { ...this.#options, using };
  }

  /** Does for a router that is mounted what was not done when its routes were defined. */
  #adopt(router: AnyHandler & ExpressRouter): void {
    // One that has options of its own keeps them.
    if (watched.has(router) || this.#optionsFor(router) === undefined) return;
    this.watch(router);
    for (const layer of layersOf(router)) {
      if (layer.route) this.#adoptRoute(layer.route.stack ?? []);
      else if (isRouter(layer.handle)) this.#adopt(layer.handle);
    }
  }

  #adoptRoute(stack: readonly Layer[]): void {
    const verbs = new Set<string | undefined>();
    for (const layer of [...stack].reverse()) {
      const { handle, method } = layer;
      if (typeof handle !== 'function' || isErrorHandler(handle) || verbs.has(method)) continue;
      verbs.add(method);
      layer.handle = this.#atomic(handle as AnyHandler);
    }
  }
}

function functionsIn(values: readonly unknown[]): AnyHandler[] {
  return values.flatMap((value) => {
    if (Array.isArray(value)) return functionsIn(value);
    return typeof value === 'function' ? [value as AnyHandler] : [];
  });
}

/** The parameters of a definition, with the last handler replaced. Handlers may be in lists. */
function withLastReplaced(
  values: readonly unknown[],
  replace: (handler: AnyHandler) => AnyHandler,
): readonly unknown[] {
  const at = values.findLastIndex((value) =>
    functionsIn([value]).some((handler) => !isErrorHandler(handler)),
  );
  const value = values[at];
  if (Array.isArray(value)) return values.with(at, withLastReplaced(value, replace));
  return typeof value === 'function' ? values.with(at, replace(value as AnyHandler)) : values;
}

/** Express tells them by the number of their parameters. */
export function isErrorHandler(handler: { readonly length: number }): boolean {
  return handler.length === 4;
}

function isRouter(value: unknown): value is AnyHandler & ExpressRouter {
  if (typeof value !== 'function') return false;
  const { handle, route, use } = value as Partial<Record<string, unknown>> & typeof value;
  return [handle, route, use].every((method) => typeof method === 'function');
}

/** The layers of a router, or of an application: Express 4 makes the router of one late. */
function layersOf(router: object): readonly Layer[] {
  const { stack, _router } = router as { stack?: Layer[]; _router?: { stack: Layer[] } };
  if (stack ?? _router) return stack ?? _router?.stack ?? [];
  // In Express 4 this getter throws, before there is a route as well.
  const isExpress5 = !('lazyrouter' in router);
  return isExpress5 ? ((router as { router?: { stack: Layer[] } }).router?.stack ?? []) : [];
}
