/** A block, as far as it matters what is inside of what. */
export interface Scope {
  readonly parent: Scope | undefined;
}

/** Whether `block` is `ancestor` or a block inside it. */
export function isWithin(block: Scope | undefined, ancestor: Scope): boolean {
  for (let level = block; level; level = level.parent) {
    if (level === ancestor) return true;
  }
  return false;
}
