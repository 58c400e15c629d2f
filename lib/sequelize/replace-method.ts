import { ifItFails } from '../base/index.js';

/** What a replacement stands for, by the replacement. */
const replaced = new WeakMap<
  object,
  { readonly original: unknown; readonly own: PropertyDescriptor | undefined }
>();

/**
 * Puts a method made of the original one in its place, and returns the undo. A replacement that is
 * there already is left out, be it inherited or of another database: what a model does that extends
 * another, or that was defined anew for another database, is not to be done twice.
 */
export function replaceMethod<Name extends string, Method extends object>(
  owner: object & { readonly [name in Name]: Method },
  name: Name,
  make: (original: Method) => Method,
): () => void {
  const found = Object.getOwnPropertyDescriptor(owner, name);
  const before = replaced.get(owner[name]);
  const own = found && before ? before.own : found;
  const original = before ? (before.original as Method) : owner[name];

  const value = make(original);
  replaced.set(value, { original, own });
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  const undo = () => {
    if (Object.getOwnPropertyDescriptor(owner, name)?.value !== value) return;
    if (own) Object.defineProperty(owner, name, own);
    else Reflect.deleteProperty(owner, name);
  };
  ifItFails(undo);
  return undo;
}
