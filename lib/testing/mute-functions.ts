import { types } from 'node:util';

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
    const returned = runMuted(() => wrapped.apply(this, parameters));
    return isGenerator ? muteGenerator(returned as Steps, runMuted) : returned;
  }
  Object.defineProperty(muted, 'name', { value: wrapped.name, configurable: true });
  return muted as Wrapped;
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
      const method = level === owner ? descriptor.value : inherited(owner, key);
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
