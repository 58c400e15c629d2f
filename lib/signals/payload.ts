import type { Signal } from './signal.js';

/** The payload of a signal, as in `PayloadOf<typeof orderPaid>`. */
export type PayloadOf<Sent> = Sent extends Signal<infer Payload> ? Payload : never;

/** The payload as an argument of a send. It may be left out when nothing in it is required. */
export type PayloadArgument<Payload extends object> =
  Record<never, never> extends Payload ? [payload?: Payload] : [payload: Payload];

/**
 * What receivers get, where it depends on the sender: `payload` and `from`, the sender of the
 * event, name `this['sender']` where they do; `senders` is whatever may be named as one. A signal
 * says so by a member `~bySender` that it has in its type alone.
 */
export interface BySender {
  readonly sender: unknown;
  readonly senders: unknown;
  readonly payload: object;
  readonly from: unknown;
}

/**
 * Keeps a type parameter from being inferred at this place, so that `sender` and `thisArg` alone
 * decide. It is what `NoInfer` does, for TypeScript before 5.4. Where they name nobody, as `null`
 * does, it is `unknown`.
 */
export type Decided<Type> = [Type, unknown][[Type] extends [null | undefined] ? 1 : 0];
