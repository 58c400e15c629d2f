import { types } from 'node:util';
import { dressAs } from '../base/index.js';

/** Any function. */
export type AnyFunction = (this: never, ...parameters: never[]) => unknown;

/** Any class, abstract ones included. */
export type AnyClass = abstract new (...parameters: never[]) => object;

/** Runs something muted, and returns what it returns. */
export type RunMuted = <Result>(body: () => Result) => Result;

interface Steps {
  next(value: unknown): unknown;
  return(value: unknown): unknown;
  throw(error: unknown): unknown;
}

/** Wraps a function, so that each call runs muted until what it returns has settled. */
export function muteFunction<Wrapped extends AnyFunction>(
  wrapped: Wrapped,
  runMuted: RunMuted,
): Wrapped {
  const isGenerator = types.isGeneratorFunction(wrapped);

  function muted(this: never, ...parameters: never[]): unknown {
    const made = new.target === muted ? wrapped : new.target;
    const returned = runMuted(() =>
      made
        ? Reflect.construct(wrapped, parameters, made)
        : Reflect.apply(wrapped, this, parameters),
    );
    return isGenerator ? muteGenerator(returned as Steps, runMuted) : returned;
  }
  // What `new` makes of it, and a generator, are of the kind of the wrapped function.
  muted.prototype = wrapped.prototype;
  return dressAs(muted, wrapped) as unknown as Wrapped;
}

/** The body of a generator runs step by step, after the call that made it has returned (J-30). */
function muteGenerator(generator: Steps, runMuted: RunMuted): Steps {
  const muteStep = (step: keyof Steps) => ({
    value: (input: unknown) => runMuted(() => generator[step](input)),
  });
  return Object.create(generator, {
    next: muteStep('next'),
    return: muteStep('return'),
    throw: muteStep('throw'),
  });
}

/** Wraps the methods of a class, static and inherited ones too, so that each call runs muted. */
export function muteClass(target: AnyClass, runMuted: RunMuted): void {
  muteMethods(target.prototype, Object.prototype, runMuted);
  muteMethods(target, Function.prototype, runMuted);
}

function muteMethods(owner: object, end: object, runMuted: RunMuted): void {
  const seen = new Set<PropertyKey>(['constructor']);
  for (let level = owner; level && level !== end; level = Object.getPrototypeOf(level)) {
    for (const key of Reflect.ownKeys(level)) {
      const descriptor = Object.getOwnPropertyDescriptor(level, key);
      if (seen.has(key) || !isMethod(descriptor)) continue;
      seen.add(key);
      const { value } = descriptor;
      const method = level === owner ? value : dressAs(inherited(owner, key), value);
      Object.defineProperty(owner, key, { ...descriptor, value: muteFunction(method, runMuted) });
    }
  }
}

/** Methods are not enumerable; a field that holds a function or a class is. */
function isMethod(
  descriptor: PropertyDescriptor | undefined,
): descriptor is PropertyDescriptor & { readonly value: AnyFunction } {
  if (typeof descriptor?.value !== 'function') return false;
  return !descriptor.enumerable && descriptor.configurable === true;
}

/** Calls what the class above has at the time of the call. */
function inherited(owner: object, key: PropertyKey): AnyFunction {
  return function (this: never, ...parameters: never[]) {
    const method = Reflect.get(Object.getPrototypeOf(owner), key, this) as AnyFunction;
    return method.apply(this, parameters);
  };
}
