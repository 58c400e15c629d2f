import { TransactionManagementError } from '../base/index.js';
import {
  blocksOf,
  databaseFor,
  queueUntilStored,
  TogetherWhenStored,
} from '../transactions/index.js';
import type { TaskBackend, TaskJob } from './backend.js';
import { orderedId } from './ordered-id.js';
import { TaskResult } from './task-result.js';
import { sendTaskSignal, taskEnqueued } from './task-signals.js';

/** What is asked of a backend. */
export interface TaskCall extends Omit<TaskJob, 'id' | 'enqueuedAt'> {
  /** The alias of the backend. */
  readonly backend: string;
}

/** One call on its way to an engine. */
interface Enqueued {
  readonly job: TaskJob;
  readonly result: TaskResult;
}

/**
 * Hands calls to a backend, if and only if the blocks around are stored.
 *
 * @throws {@link TransactionManagementError} when the backend stores them on another database than that
 * of the block.
 */
export async function enqueueCalls(
  backend: TaskBackend,
  calls: readonly TaskCall[],
): Promise<TaskResult[]> {
  const enqueued = calls.map((call) => enqueuedOf(backend, call));
  if (backend.using === undefined) await handOverWhenStored(backend, enqueued);
  else await storeInBlock(backend, enqueued);
  return enqueued.map(({ result }) => result);
}

function enqueuedOf(backend: TaskBackend, { backend: alias, ...call }: TaskCall): Enqueued {
  const job: TaskJob = { ...call, id: orderedId(), enqueuedAt: new Date() };
  const { id, task, args, enqueuedAt } = job;
  const result = new TaskResult(backend, alias, { id, task, args, enqueuedAt, status: 'READY' });
  return { job, result };
}

async function storeInBlock(backend: TaskBackend, enqueued: readonly Enqueued[]): Promise<void> {
  assertNotBeside(backend);
  await handOver(backend, enqueued);
  const { using } = backend;
  const announcing = () => announce(backend, enqueued);
  if (!taskEnqueued.hasListeners(backend.constructor)) return;
  if (!queueUntilStored(announcing, { robust: true }, { using })) await announcing();
}

/** A job that is stored on another database stays when the block is rolled back. */
function assertNotBeside(backend: TaskBackend): void {
  const own = databaseFor(backend.using);
  const around = blocksOf().filter(({ open }) => open);
  if (around.length === 0 || around.some(({ blocks }) => blocks === own.blocks)) return;
  const [other] = around;
  throw new TransactionManagementError(
    'SIGNALS_TRANSACTION_FOREIGN',
    `${backend.constructor.name} stores its jobs on the database "${own.alias}", and ${other?.label} is of "${other?.blocks.alias}", whose rollback would not undo that. ` +
      `Enqueue in a block of "${own.alias}", with another backend, or by transaction.outside().`,
  );
}

const together = new WeakMap<TaskBackend, TogetherWhenStored<Enqueued>>();

async function handOverWhenStored(
  backend: TaskBackend,
  enqueued: readonly Enqueued[],
): Promise<void> {
  const deliver = async (due: readonly Enqueued[]) => {
    await handOver(backend, due);
    await announce(backend, due);
    await backend.runHere(
      due.map(({ job }) => job),
      due.map(({ result }) => result),
    );
  };
  for (const each of enqueued) {
    if (backend.takesTogether) await togetherFor(backend, deliver).add(each);
    else {
      const enqueue = () => deliver([each]);
      if (!queueUntilStored(enqueue, { robust: false })) await enqueue();
    }
  }
}

function togetherFor(
  backend: TaskBackend,
  deliver: (due: readonly Enqueued[]) => Promise<void>,
): TogetherWhenStored<Enqueued> {
  const known = together.get(backend) ?? new TogetherWhenStored('enqueue', deliver);
  together.set(backend, known);
  return known;
}

async function handOver(backend: TaskBackend, enqueued: readonly Enqueued[]): Promise<void> {
  const ids = await backend.enqueue(
    enqueued.map(({ job }) => job),
    enqueued.map(({ result }) => result),
  );
  for (const [index, { result }] of enqueued.entries()) {
    const id = ids[index];
    if (id !== undefined && id !== result.id) result.note({ id });
  }
}

async function announce(backend: TaskBackend, enqueued: readonly Enqueued[]): Promise<void> {
  for (const { result } of enqueued) await sendTaskSignal(taskEnqueued, backend, result);
}
