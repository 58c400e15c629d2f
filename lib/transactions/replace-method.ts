/** Puts a method made of the present one in its place. Returns the undo. */
export function replaceMethod<Name extends string, Method>(
  owner: object & { readonly [name in Name]: Method },
  name: Name,
  make: (original: Method) => Method,
): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  const value = make(owner[name]);
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  return () => {
    if (own) Object.defineProperty(owner, name, own);
    else Reflect.deleteProperty(owner, name);
  };
}
