function throwing(): never {
  throw new Error('of the getter');
}

/** What an application may throw, and what cannot be looked at without care. */
export const ODD_THROWN: Readonly<Record<string, unknown>> = {
  nothing: undefined,
  'a symbol': Symbol('thrown'),
  'an object without a prototype': Object.create(null),
  'an object that refuses to be text': { toString: throwing, [Symbol.toPrimitive]: throwing },
  'an object that refuses to be inspected': {
    [Symbol.for('nodejs.util.inspect.custom')]: throwing,
  },
  'a proxy that was revoked': revoked({}),
  'an error whose message is a getter that throws': Object.defineProperty(new Error(), 'message', {
    get: throwing,
  }),
  'an error whose message is no text': Object.assign(new Error(), {
    message: Object.create(null),
  }),
};

/** Makes functions of a function that cannot be asked for their names, each in another way. */
export const ODD_NAMES: Readonly<
  Record<string, <Given extends (...parameters: never[]) => unknown>(given: Given) => Given>
> = {
  'is a getter that throws': (given) => Object.defineProperty(given, 'name', { get: throwing }),
  'is a symbol': (given) => Object.defineProperty(given, 'name', { value: Symbol('name') }),
  'is an object without a prototype': (given) =>
    Object.defineProperty(given, 'name', { value: Object.create(null) }),
  'is hidden by a proxy': (given) =>
    new Proxy(given, {
      get: (target, key) => (key === 'name' ? throwing() : Reflect.get(target, key)),
    }),
};

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}
