import type { AnyReceiver } from './any-receiver.js';

/**
 * Names a receiver for messages and logs. It never fails and is never empty, though functions
 * without a name exist, and so do those with anything else as `name` (D-073, J-12).
 */
export function receiverName(receiver: AnyReceiver): string {
  const name: unknown = receiver.name;
  if (typeof name !== 'string') return 'anonymous';

  return name.replace(/^(bound )+/, '') || 'anonymous';
}
