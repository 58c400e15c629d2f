import { AsyncLocalStorage } from 'node:async_hooks';

/** What an asynchronous flow carries: a few values by key, never changed in place. */
type Flow = ReadonlyMap<object, unknown>;

// One instance for the whole library: on Node 20 and 22 each further AsyncLocalStorage slows every await.
const storage = new AsyncLocalStorage<Flow>();

/**
 * A value that each asynchronous flow has for itself. It is entered with `run` and never set, so
 * that it cannot leak into the flow that started this one.
 */
export class FlowValue<Value> {
  /** The value of the current flow. */
  get(): Value | undefined {
    return storage.getStore()?.get(this) as Value | undefined;
  }

  /** Runs `body` in a flow that has `value`, and returns what it returns. */
  run<Result>(value: Value, body: () => Result): Result {
    const flow = new Map(storage.getStore());
    flow.set(this, value);
    return storage.run(flow, body);
  }
}
