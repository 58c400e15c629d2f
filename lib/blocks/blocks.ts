import type { Block, BlockOptions } from './block.js';
import type { Callback, CallbackOptions } from './callbacks.js';
import type { Driver } from './driver.js';
import { type ApplicationContext, BlockFlow } from './flow.js';
import { MergedBlock } from './merged-block.js';
import type { BlockObserver } from './observer.js';
import { RootBlock } from './root-block.js';
import { SavepointBlock } from './savepoint-block.js';
import { isWithin } from './scope.js';
import type { TransactionSource } from './source.js';
import { TestSeam } from './test-seam.js';

/** What the blocks of a database are made on. */
export interface Foundation {
  readonly alias: string;
  readonly driver: Driver;
  readonly pool: TransactionSource;
  readonly application: ApplicationContext;
  readonly observer: BlockObserver;
}

/** The blocks of one database: which are open, which one a flow is in, and how a new one is opened. */
export class Blocks {
  readonly alias: string;
  readonly driver: Driver;
  readonly observer: BlockObserver;
  readonly seam: TestSeam;
  /** The outermost blocks that have not ended. */
  readonly open: Set<RootBlock> = new Set();
  /** Those that may be run again as others, unless they are stored. */
  readonly pending: Set<Pick<Block, 'label' | 'kept' | 'lost'>> = new Set();
  readonly #flow: BlockFlow;

  constructor({ alias, driver, pool, application, observer }: Foundation) {
    this.alias = alias;
    this.driver = driver;
    this.observer = observer;
    this.seam = new TestSeam(pool);
    this.#flow = new BlockFlow(application);
  }

  /** The innermost block of the current flow, which may have ended. */
  current(): Block | undefined {
    return this.#flow.current();
  }

  /** The block that queries of the current flow join which name none. It may have ended. */
  joined(): Block | undefined {
    return this.#flow.joined();
  }

  /**
   * What belongs to `block` in the current flow: the current block where that is inside of it. A
   * rollback of that one undoes all that is sent meanwhile, and what is started in it must not wait
   * for its end (S21).
   */
  innermostIn(block: Block): Block {
    const current = this.current();
    return current?.open && isWithin(current, block) ? current : block;
  }

  /** Runs `body` in a flow whose current block is `block`. */
  enter<Result>(block: Block, body: () => Result): Result {
    return this.#flow.enter(block, body);
  }

  /** As `enter`, but queries have to name the block: those that do not join what they joined outside. */
  enterUnjoined<Result>(block: Block, body: () => Result): Result {
    return this.#flow.enterUnjoined(block, body);
  }

  /** Runs `body` in a flow without a current block. */
  outside<Result>(body: () => Result): Result {
    return this.#flow.outside(body);
  }

  /** The innermost open block around the current flow that is wanted, also where `outside` hides it. */
  findAround(wanted: (block: Block) => boolean): Block | undefined {
    return this.#flow.findAround(wanted);
  }

  /** Opens a block inside `parent`, or an outermost one. */
  openIn(
    parent: Block | undefined,
    handleOptions: object,
    options: BlockOptions & { readonly savepoint: boolean },
  ): Block {
    if (!parent) return new RootBlock(this, handleOptions, options);
    // A savepoint in a broken transaction could not be made (D-212).
    if (!options.savepoint || parent.root.failures.current) return new MergedBlock(parent, options);
    return new SavepointBlock(parent, handleOptions, options);
  }

  /** Queues a callback; false when there is no commit to wait for, and it is to run at once. */
  queue(callback: Callback, options: CallbackOptions, block: Block | undefined): boolean {
    if (block) {
      block.register(callback, options);
      return true;
    }
    const { capture, source } = this.seam;
    this.seam.noteDue([{ callback, capture }]);
    return capture?.takes(callback, options.robust) ?? source.holdsCallbacks;
  }
}
