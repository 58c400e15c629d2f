import { FlowValue } from '../base/index.js';
import type { Block } from './block.js';
import { isWithin } from './scope.js';

/** Where an application may keep the current transaction besides: a namespace of its own. */
export interface ApplicationContext {
  /** Whether there is a transaction in it, be it ours or not. */
  isOccupied(): boolean;
  /** The block whose transaction is in it. */
  current(): Block | undefined;
  /** Runs `body` with the transaction of `block` in it, or with none. */
  run<Result>(block: Block | undefined, body: () => Result): Result;
}

/** What a flow knows of one database: its block, or that it runs outside, and what it was in before. */
interface Frame {
  readonly block: Block | undefined;
  readonly outer: Frame | undefined;
}

/** The innermost frame whose block is open: a flow that goes on for ever must not keep all its past. */
function openFrame(frame: Frame | undefined): Frame | undefined {
  let open = frame;
  while (open && !open.block?.open) open = open.outer;
  return open;
}

/** Which block of one database each asynchronous flow is in. */
export class BlockFlow {
  readonly #frame = new FlowValue<Frame>();
  readonly #application: ApplicationContext;

  constructor(application: ApplicationContext) {
    this.#application = application;
  }

  /** The innermost block of the current flow, which may have ended. */
  current(): Block | undefined {
    const own = this.#frame.get()?.block;
    const given = this.#application.current();
    return given === undefined || isWithin(own, given) ? own : given;
  }

  /** Runs `body` in a flow whose current block is `block`. */
  enter<Result>(block: Block, body: () => Result): Result {
    return this.#run(block, body);
  }

  /** Runs `body` in a flow without a current block. */
  outside<Result>(body: () => Result): Result {
    // The first context that is entered slows every promise of the process, before Node 24.
    const isOutside = this.#frame.get() === undefined && !this.#application.isOccupied();
    return isOutside ? body() : this.#run(undefined, body);
  }

  /** The innermost open block around the current flow that is wanted, also where `outside` hides it. */
  findAround(wanted: (block: Block) => boolean): Block | undefined {
    for (let frame = this.#frame.get(); frame; frame = frame.outer) {
      for (let block = frame.block; block; block = block.parent) {
        if (block.open && block.root.open && wanted(block)) return block;
      }
    }
    return undefined;
  }

  #run<Result>(block: Block | undefined, body: () => Result): Result {
    const frame = { block, outer: openFrame(this.#frame.get()) };
    return this.#frame.run(frame, () => this.#application.run(block, body));
  }
}
