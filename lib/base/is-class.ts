/** Whether a function is a class: one that cannot be called. */
export function isClass(value: (...parameters: never[]) => unknown): boolean {
  // Arrow functions and methods have no prototype, and to ask for that takes less than to read the source.
  return (
    Object.hasOwn(value, 'prototype') && /^class\b/.test(Function.prototype.toString.call(value))
  );
}
