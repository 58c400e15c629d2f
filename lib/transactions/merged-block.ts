import { Block, type BlockOptions, type Trunk } from './block.js';
import type { OpenTransaction } from './statements.js';

/** A level without a savepoint of its own (D-209): when it fails, the one around it is broken. */
export class MergedBlock extends Block {
  readonly parent: Block;
  readonly trunk: Trunk;
  readonly transaction: OpenTransaction;

  constructor(parent: Block, options: BlockOptions) {
    super(parent.host, options);
    this.parent = parent;
    this.trunk = parent.trunk;
    this.transaction = parent.transaction;
    parent.adopt(this);
  }

  start(): Promise<void> | undefined {
    return this.parent.start();
  }

  override begin(): Promise<void> | undefined {
    return this.parent.begin();
  }

  override carrier(): OpenTransaction {
    return this.parent.carrier();
  }

  protected async keep(): Promise<void> {}

  protected async undo(cause: unknown): Promise<void> {
    this.breakBy(cause);
  }
}
