/**
 * Names a function for messages and logs. It never fails and is never empty, though functions
 * without a name exist, and so do those with anything else as `name` (D-073, J-12).
 */
export function functionName(named: (this: never, ...parameters: never[]) => unknown): string {
  const name: unknown = named.name;
  if (typeof name !== 'string') return 'anonymous';

  return name.replace(/^(bound )+/, '') || 'anonymous';
}
