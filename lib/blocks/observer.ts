import type { DueCallback } from './callbacks.js';
import type { RootBlock } from './root-block.js';

/** Who is told what becomes of the outermost blocks. Returns what the block's caller has to wait for. */
export interface BlockObserver {
  /** The work of `root` is stored and its connection is free again: the callbacks are due. */
  committed(root: RootBlock, callbacks: readonly DueCallback[]): Promise<void> | undefined;
  /** The work of `root` was undone by `error`, or because somebody asked for it. */
  rolledBack(root: RootBlock, error: unknown): Promise<void> | undefined;
}
