import type { Fault } from '../support/faulty-proxy.js';

/** What an application does, as data: so it can be run again, made smaller, and printed. */
export interface Program {
  /** Each is a caller of its own; they run side by side. */
  readonly flows: readonly Step[];
  /** What befalls its connections. */
  readonly faults: readonly Fault[];
  /** Whether it runs in the transaction of a test. */
  readonly inTest: boolean;
}

/** What a function does. */
export interface Body {
  readonly steps: readonly Step[];
  /**
   * Whether its steps come one after another, or are started together: with `Promise.all`, which
   * leaves the others alone when one fails, or with `Promise.allSettled`.
   */
  readonly order: 'in turn' | 'all' | 'all settled';
}

/** One thing that a function does. */
export type Step = Action & {
  readonly awaited: boolean;
  /** Whether its error is caught and forgotten. */
  readonly swallowed: boolean;
};

/** How a step names the transaction that it is for: not at all, its own, or that of a block around. */
export type Naming = 'none' | 'own' | 'outer';

export type Action =
  | { readonly does: 'write'; readonly names: Naming }
  /** Saves the instance that was written last. */
  | { readonly does: 'update' }
  /** Saves an instance that was made before the transaction began. */
  | { readonly does: 'keepsake' }
  | { readonly does: 'read' }
  | { readonly does: 'fail'; readonly by: 'application' | 'server' | 'lost conflict' }
  | { readonly does: 'lock'; readonly row: number }
  | { readonly does: 'setRollback' }
  | { readonly does: 'register'; readonly by: Registering; readonly callback: CallbackKind }
  | {
      readonly does: 'savepoint';
      readonly end: 'none' | 'commit' | 'rollback';
      readonly body: Body;
    }
  | { readonly does: 'outside'; readonly body: Body }
  /** Calls a function in the same block. */
  | { readonly does: 'call'; readonly body: Body }
  | BlockAction;

export type Registering = 'onCommit' | 'onCommit robust' | 'afterCommit';
export type CallbackKind =
  | 'is quiet'
  | 'throws'
  | 'writes'
  | 'opens a block'
  | 'loses a conflict'
  | 'registers';

export interface BlockAction {
  readonly does: 'block';
  readonly kind: BlockKind;
  /** For transactions of Sequelize in a block: whether they are inside of it, or have a connection of their own. */
  readonly nested: boolean;
  /** For outermost blocks of `atomic()`. */
  readonly retries: number;
  /** For what is ended by hand. */
  readonly end: 'commit' | 'rollback';
  readonly body: Body;
}

/** `atomic()`, with `savepoint: false`, `sequelize.transaction(callback)`, and one without a callback. */
export type BlockKind = 'atomic' | 'merged' | 'managed' | 'by hand';

/** The body of a step that has one. */
export function bodyOf(step: Step): Body | undefined {
  return 'body' in step ? step.body : undefined;
}

/** All steps, those within others after them. */
export function allSteps(steps: readonly Step[]): Step[] {
  return steps.flatMap((step) => [step, ...allSteps(bodyOf(step)?.steps ?? [])]);
}

/**
 * What may fail in a program: nothing; blocks whose own functions throw, and no others; or anything,
 * with good reason.
 */
export type Expected = 'nothing' | 'what throws' | 'anything';

export function expectedToFail({ flows, faults }: Program): Expected {
  const steps = allSteps(flows);
  if (faults.length > 0 || !steps.every(isHarmless)) return 'anything';
  if (!steps.some(({ does }) => does === 'fail')) return 'nothing';
  const isOrderly = steps.every(isUndoneAlone) && steps.every(isBesideBlocks);
  return isOrderly ? 'what throws' : 'anything';
}

const FAILING: readonly CallbackKind[] = ['throws', 'loses a conflict'];

function isHarmless(step: Step): boolean {
  if (!step.awaited) return false;
  if (step.does === 'register') return !FAILING.includes(step.callback);
  if (step.does === 'write') return step.names !== 'outer';
  if (step.does === 'block') return step.end === 'commit';
  if (step.does === 'fail') return step.by === 'application';
  return !['lock', 'setRollback', 'savepoint'].includes(step.does);
}

/** Whether a step breaks no block but its own. */
function isUndoneAlone(step: Step): boolean {
  return step.does !== 'block' || step.kind === 'atomic' || step.kind === 'managed';
}

/** Whether what it starts together are blocks, which take turns. What is beside one may be undone with it. */
function isBesideBlocks(step: Step): boolean {
  const body = bodyOf(step);
  if (body === undefined || body.order === 'in turn') return true;
  if (body.order === 'all') return false;
  return body.steps.every(({ does }) => does === 'block' || does === 'read' || does === 'fail');
}
