import type { ReceiverHandle } from './receiver-handle.js';

/**
 * Ends the connections that `connect` made, and returns true; false when it made none or when they
 * have ended already. It works with `using` as well.
 */
export interface Undo extends Disposable {
  (): boolean;
}

/**
 * The undo of a connect, which may have connected nothing, or for several senders. It is made here,
 * and not in `connect`: there it would close over the arguments as well, and so keep the senders
 * alive (D-041).
 */
export function undoOf(handles: readonly ReceiverHandle[]): Undo {
  const undo = () => {
    let ended = false;
    for (const handle of handles) ended = handle.disconnect() || ended;
    return ended;
  };
  undo[Symbol.dispose] = disposeUndo;
  return undo;
}

// Shared by all undo functions: a closure for each would double what they cost.
function disposeUndo(this: Undo): void {
  this();
}
