import type { ReceiverHandle } from './receiver-handle.js';

/**
 * Ends the connections that `connect` made, and returns true; false when it made none or when they
 * have ended already. It works with `using` as well.
 */
export interface Undo extends Disposable {
  (): boolean;
}

/**
 * The undo of a connect, which may have connected nothing. It is made here, and not in `connect`:
 * there it would close over the arguments as well, and so keep the sender alive (D-041).
 */
export function undoOf(handle: ReceiverHandle | undefined): Undo {
  return disposable(() => handle?.disconnect() ?? false);
}

/** The undo of a connect for several senders. */
export function undoOfAll(handles: readonly ReceiverHandle[]): Undo {
  return disposable(() => {
    const ended = handles.map((handle) => handle.disconnect());
    return ended.includes(true);
  });
}

function disposable(run: () => boolean): Undo {
  const undo = run as Undo;
  undo[Symbol.dispose] = disposeUndo;
  return undo;
}

// Shared by all undo functions: a closure for each would double what they cost.
function disposeUndo(this: Undo): void {
  this();
}
