import { Block, type BlockOptions } from './block.js';
import type { Handle } from './driver.js';
import type { RootBlock } from './root-block.js';
import type { Savepoint } from './savepoint-stack.js';
import type { Change, Memento } from './undo-log.js';

/** A level without a savepoint of its own (D-209): when it fails, the one around it is broken. */
export class MergedBlock extends Block {
  readonly parent: Block;
  readonly root: RootBlock;
  readonly handle: Handle;
  readonly opened: number;

  constructor(parent: Block, options: BlockOptions) {
    super(parent.blocks, options);
    this.parent = parent;
    this.root = parent.root;
    this.handle = parent.handle;
    this.opened = this.root.stack.clock.tick();
    parent.adopt(this);
  }

  get savepoint(): Savepoint | undefined {
    return this.parent.savepoint;
  }

  materialize(first?: Savepoint): Promise<void> | undefined {
    return this.parent.materialize(first);
  }

  override begin(): Promise<void> | undefined {
    return this.parent.begin();
  }

  override queryHandle(): Handle {
    return this.parent.queryHandle();
  }

  /** What goes on after its end names the transaction of the block around, and is work of that one. */
  override changing(subject: object, take: () => Memento<object>): Change | undefined {
    return this.open ? super.changing(subject, take) : this.parent.changing(subject, take);
  }

  protected async keep(): Promise<void> {
    this.settleAs('kept');
  }

  protected async undo(cause: unknown): Promise<void> {
    this.settleAs('undone');
    // All that it did is to be undone, and not only what failed.
    this.breakBy(cause, this.opened);
  }

  protected announce(): undefined {}

  protected detach(): void {}
}
