import { FlowValue } from '../base/index.js';
import type { Block } from './block.js';
import type { RootBlock } from './root-block.js';
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
  /** What queries join that name no block: another one, or none, where they have to name `block`. */
  readonly joined: Block | undefined;
  outer: Frame | undefined;
}

/** The innermost frame from `frame` on that may still be asked for: of another transaction than `inside`. */
function openFrame(inside: RootBlock | undefined, frame: Frame | undefined): Frame | undefined {
  let open = frame;
  while (open && (!open.block?.root.open || open.block.root === inside)) open = open.outer;
  return open;
}

/**
 * The frames around a block of `inside`. A transaction has one, however many levels it has, as those
 * are found from block to block. Those that have ended meanwhile are left out: a flow that goes on
 * for ever must not keep all its past.
 */
function framesAround(
  inside: RootBlock | undefined,
  current: Frame | undefined,
): Frame | undefined {
  const first = openFrame(inside, current);
  for (let frame = first; frame; frame = frame.outer) {
    frame.outer = openFrame(frame.block?.root, frame.outer);
  }
  return first;
}

/** The innermost block around `block`, itself included, that is open and wanted. */
function findFrom(block: Block | undefined, wanted: (block: Block) => boolean): Block | undefined {
  for (let level = block; level; level = level.parent) {
    if (level.open && level.root.open && wanted(level)) return level;
  }
  return undefined;
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
    return this.#orGiven(this.#frame.get()?.block);
  }

  /** The block that queries of the current flow join which name none. */
  joined(): Block | undefined {
    return this.#orGiven(this.#frame.get()?.joined);
  }

  #orGiven(own: Block | undefined): Block | undefined {
    const given = this.#application.current();
    return given === undefined || isWithin(own, given) ? own : given;
  }

  /** Runs `body` in a flow whose current block is `block`. */
  enter<Result>(block: Block, body: () => Result): Result {
    return this.#run(block, block, body);
  }

  /** As `enter`, but queries have to name the block: those that do not join what they joined outside. */
  enterUnjoined<Result>(block: Block, body: () => Result): Result {
    const around = this.joined();
    // Inside of a block that they join, they are on the connection of that one, and so in this one.
    const joined = around && isWithin(block, around) ? block : around;
    return this.#run(block, joined, body);
  }

  /** Runs `body` in a flow without a current block. */
  outside<Result>(body: () => Result): Result {
    // The first context that is entered slows every promise of the process, before Node 24.
    const isOutside = this.#frame.get() === undefined && !this.#application.isOccupied();
    return isOutside ? body() : this.#run(undefined, undefined, body);
  }

  /** The innermost open block around the current flow that is wanted, also where `outside` hides it. */
  findAround(wanted: (block: Block) => boolean): Block | undefined {
    // A transaction that the application put into its namespace itself was entered by nobody.
    const given = findFrom(this.#application.current(), wanted);
    if (given) return given;

    for (let frame = this.#frame.get(); frame; frame = frame.outer) {
      const found = findFrom(frame.block, wanted);
      if (found) return found;
    }
    return undefined;
  }

  #run<Result>(block: Block | undefined, joined: Block | undefined, body: () => Result): Result {
    const frame = { block, joined, outer: framesAround(block?.root, this.#frame.get()) };
    return this.#frame.run(frame, () => this.#application.run(block, body));
  }
}
