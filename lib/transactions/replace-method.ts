const originals = new WeakMap<object, unknown>();

/**
 * Puts a method made of the present one in its place. A replacement that is merely inherited is
 * not made use of: a model that extends another would do everything twice. Returns the undo.
 */
export function replaceMethod<Name extends string, Method extends object>(
  owner: object & { readonly [name in Name]: Method },
  name: Name,
  make: (original: Method) => Method,
): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  const inherited = own ? undefined : (originals.get(owner[name]) as Method | undefined);
  const original = inherited ?? owner[name];
  const value = make(original);
  originals.set(value, original);
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  return () => {
    if (own) Object.defineProperty(owner, name, own);
    else Reflect.deleteProperty(owner, name);
  };
}
