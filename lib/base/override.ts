/**
 * Gives an object a property of its own in place of the one that it has or inherits. The returned
 * function puts back what was there, and tells whether it could: somebody may have put another
 * property over this one meanwhile, which still leads here.
 */
export function override(
  target: object,
  name: string,
  property: Pick<PropertyDescriptor, 'value' | 'get'>,
): () => boolean {
  const before = Object.getOwnPropertyDescriptor(target, name);
  const writable = 'value' in property ? { writable: true } : {};
  Object.defineProperty(target, name, { ...property, ...writable, configurable: true });
  return () => {
    const now = Object.getOwnPropertyDescriptor(target, name);
    if (now?.value !== property.value || now?.get !== property.get) return false;
    if (before) Object.defineProperty(target, name, before);
    else Reflect.deleteProperty(target, name);
    return true;
  };
}
