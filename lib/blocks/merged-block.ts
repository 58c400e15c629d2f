import { Block, type BlockOptions } from './block.js';
import type { Handle } from './driver.js';
import type { RootBlock } from './root-block.js';

/** A level without a savepoint of its own (D-209): when it fails, the one around it is broken. */
export class MergedBlock extends Block {
  readonly parent: Block;
  readonly root: RootBlock;
  readonly handle: Handle;

  constructor(parent: Block, options: BlockOptions) {
    super(parent.blocks, options);
    this.parent = parent;
    this.root = parent.root;
    this.handle = parent.handle;
    parent.adopt(this);
  }

  materialize(): Promise<void> | undefined {
    return this.parent.materialize();
  }

  override begin(): Promise<void> | undefined {
    return this.parent.begin();
  }

  override queryHandle(): Handle {
    return this.parent.queryHandle();
  }

  protected async keep(): Promise<void> {
    this.settleAs('kept');
  }

  protected async undo(cause: unknown): Promise<void> {
    this.settleAs('undone');
    this.breakBy(cause);
  }

  protected announce(): undefined {}

  protected leave(): void {}
}
