import type { ReceiverHandle } from './receiver-handle.js';

/**
 * Ends the connection that `connect` made, and returns true; false when it made none or when it
 * has ended already. It works with `using` as well.
 */
export interface Undo extends Disposable {
  (): boolean;
}

/**
 * The undo of a connect, which may have connected nothing. It is made here, and not in `connect`:
 * there it would close over the arguments as well, and so keep the sender alive (D-041).
 */
export function undoOf(handle: ReceiverHandle | undefined): Undo {
  const undo = () => handle?.disconnect() ?? false;
  undo[Symbol.dispose] = disposeUndo;
  return undo;
}

// Shared by all undo functions: a closure for each would double what they cost.
function disposeUndo(this: Undo): void {
  this();
}
