/** The value of a key, which is made the first time that it is asked for. */
export function obtain<Key extends object, Value>(
  map: WeakMap<Key, Value>,
  key: Key,
  make: (key: Key) => Value,
): Value {
  const known = map.get(key);
  if (known !== undefined) return known;

  const made = make(key);
  map.set(key, made);
  return made;
}
