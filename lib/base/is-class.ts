/** Whether a function is a class: one that cannot be called. */
export function isClass(value: (...parameters: never[]) => unknown): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}
