/** A function that has a name, as far as anybody knows. */
interface Named {
  readonly name: unknown;
}

/** The name of a function: empty where it has none, has anything else as `name`, or refuses to tell. */
export function givenName(named: Named): string {
  try {
    const { name } = named;
    return typeof name === 'string' ? name : '';
  } catch {
    return '';
  }
}

/**
 * Names a function for messages and logs. It never fails and is never empty, though functions
 * without a name exist, and so do those with anything else as `name` (D-073, J-12).
 */
export function functionName(named: Named): string {
  return givenName(named).replace(/^(bound )+/, '') || 'anonymous';
}
