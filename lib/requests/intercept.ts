import { obtain } from '../base/index.js';

export type Method = (...parameters: unknown[]) => unknown;
export type Arguments = readonly unknown[];

/** Stands between an object and those who use it. */
export interface Interceptor {
  /** Is called in place of a method of the object. */
  call(name: string, method: Method, parameters: Arguments): unknown;
  /** Is asked in place of a property of the object. */
  tell(name: string, original: () => unknown): unknown;
}

/** The names of what is intercepted of one kind of object. */
export interface Interception {
  readonly methods: readonly string[];
  readonly facts: readonly string[];
}

/** Who stands before an object whose prototype is one of ours. */
const interceptors = new WeakMap<object, Interceptor>();

/** The prototypes in between, by those that are behind them. */
const prototypes = new WeakMap<object, object>();
const inBetween = new WeakSet<object>();

/**
 * Puts `interceptor` before an object: by a prototype in between, which costs a request next to nothing
 * where a property for each method costs much, and for methods that somebody has put on the object itself
 * by others in their place. It may be done again; the later one is called first.
 *
 * @returns the undo. What somebody has put over it meanwhile stays, and still works.
 */
export function intercept(
  target: object,
  interception: Interception,
  interceptor: Interceptor,
): () => void {
  const undos = interception.methods.flatMap((name) => replaceOwn(target, name, interceptor));
  const behind: object = Object.getPrototypeOf(target);
  const before = interceptors.get(target);
  interceptors.set(target, interceptor);
  if (!inBetween.has(behind)) {
    const own = obtain(prototypes, behind, () => prototypeBefore(behind, interception));
    Object.setPrototypeOf(target, own);
    undos.push(() => {
      if (Object.getPrototypeOf(target) === own) Object.setPrototypeOf(target, behind);
    });
  }
  return () => {
    for (const undo of undos) undo();
    if (interceptors.get(target) !== interceptor) return;
    if (before) interceptors.set(target, before);
    else interceptors.delete(target);
  };
}

function replaceOwn(target: object, name: string, interceptor: Interceptor): (() => void)[] {
  if (!Object.hasOwn(target, name)) return [];
  const method: unknown = Reflect.get(target, name);
  if (typeof method !== 'function') return [];
  const standIn = (...parameters: unknown[]) =>
    interceptor.call(name, method as Method, parameters);
  Reflect.set(target, name, standIn);
  const undo = () => {
    if (Reflect.get(target, name) === standIn) Reflect.set(target, name, method);
  };
  return [undo];
}

function prototypeBefore(behind: object, { methods, facts }: Interception): object {
  const own = Object.create(behind);
  inBetween.add(own);
  for (const name of methods) {
    const method: unknown = Reflect.get(behind, name);
    // Not every version of Node.js has all of them.
    if (typeof method === 'function') standBefore(own, name, method as Method);
  }
  for (const name of facts) {
    Object.defineProperty(own, name, {
      configurable: true,
      get(this: object) {
        const original = () => Reflect.get(behind, name, this);
        const interceptor = interceptors.get(this);
        return interceptor ? interceptor.tell(name, original) : original();
      },
    });
  }
  return own;
}

function standBefore(own: object, name: string, method: Method): void {
  Object.defineProperty(own, name, {
    configurable: true,
    writable: true,
    value(this: object, ...parameters: unknown[]) {
      const interceptor = interceptors.get(this);
      return interceptor
        ? interceptor.call(name, method, parameters)
        : Reflect.apply(method, this, parameters);
    },
  });
}
