import { FlowValue } from '../context.js';
import { BadlyBehavedTransactionSignalHandlerError } from '../errors.js';

/** A transaction that ends by a call of somebody. */
interface Unfinished {
  readonly open: boolean;
  rollbackByHand(): Promise<void>;
}

/** The transactions that the function now being watched has begun. */
const begunHere = new FlowValue<Set<Unfinished>>();

/** Tells whoever watches this flow that it began a transaction which it must end itself. */
export function noteBegun(transaction: Unfinished): void {
  begunHere.get()?.add(transaction);
}

/** Ends what `name` left open, and throws when there was something. */
export type EndLeftOpen = (name: string) => Promise<void>;

/** Runs `body`, which may ask after each function that it calls whether that left a transaction open. */
export function watchLeftOpen<Result>(
  body: (begun: ReadonlySet<unknown>, endLeftOpen: EndLeftOpen) => Result,
): Result {
  const begun = new Set<Unfinished>();
  return begunHere.run(begun, () => body(begun, (name) => rollBackOpen(begun, name)));
}

async function rollBackOpen(begun: Set<Unfinished>, name: string): Promise<void> {
  const left = [...begun].filter((transaction) => transaction.open);
  begun.clear();
  if (left.length === 0) return;
  // A rollback that fails has closed the connection; the report below says what went wrong.
  for (const transaction of left) await transaction.rollbackByHand().catch(() => {});
  throw new BadlyBehavedTransactionSignalHandlerError(
    `"${name}" began a transaction and returned without ending it. It has been rolled back. ` +
      'Commit it before returning, or use atomic(), which ends by itself.',
  );
}
