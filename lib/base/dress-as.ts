/** What a function has by being one: a wrapper has its own, or is not to have it. */
const BY_BIRTH: ReadonlySet<PropertyKey> = new Set(['prototype', 'arguments', 'caller']);

/**
 * Gives a wrapper all that is on the function that it wraps: `name` and `length`, which Express
 * counts, own properties, symbols, what it inherits, and metadata of `Reflect`, which decorators
 * above the wrapper look for. Returns the wrapper.
 */
export function dressAs<Wrapper extends object>(wrapper: Wrapper, wrapped: object): Wrapper {
  Object.setPrototypeOf(wrapper, Object.getPrototypeOf(wrapped));
  for (const key of Reflect.ownKeys(wrapped)) {
    const descriptor = Object.getOwnPropertyDescriptor(wrapped, key);
    // Not their values: a getter is called by nobody but whoever asks for it.
    if (descriptor && !BY_BIRTH.has(key)) Object.defineProperty(wrapper, key, descriptor);
  }
  copyMetadata(wrapper, wrapped);
  return wrapper;
}

/** What `reflect-metadata` adds to `Reflect`, in an application that has loaded it. */
interface MetadataReflect {
  getOwnMetadataKeys(target: object): unknown[];
  getOwnMetadata(key: unknown, target: object): unknown;
  defineMetadata(key: unknown, value: unknown, target: object): void;
}

function copyMetadata(wrapper: object, wrapped: object): void {
  if (!('getOwnMetadataKeys' in Reflect)) return;
  const metadata = Reflect as typeof Reflect & MetadataReflect;
  for (const key of metadata.getOwnMetadataKeys(wrapped)) {
    metadata.defineMetadata(key, metadata.getOwnMetadata(key, wrapped), wrapper);
  }
}
