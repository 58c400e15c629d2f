import type { Model, ModelStatic } from 'sequelize';
import { replaceMethod } from '../transactions/index.js';
import type { Family, Hook } from './family.js';
import { rowsOfCall } from './rows.js';

type RunHooks = (this: ModelStatic<Model>, ...call: HookCall) => Promise<void>;
type HookCall = readonly [type: unknown, ...parameters: unknown[]];

/**
 * The hooks of all families. They are run where Sequelize runs those of the application, and after
 * them, whichever were added first; added to Sequelize they would cost each save two promises more,
 * also while nobody listens.
 */
export class ModelHooks {
  readonly #familyOf = new Map<unknown, { readonly family: Family; readonly hook: Hook }>();

  constructor(families: readonly Family[]) {
    for (const family of families) {
      for (const [type, hook] of Object.entries(family.hooks ?? {})) {
        this.#familyOf.set(type, { family, hook });
      }
    }
  }

  /** Has `model` run them. Returns the undo. */
  runWith(model: ModelStatic<Model>): () => void {
    const hookFor = (type: unknown) => this.#hookFor(type);
    return replaceMethod(
      model as unknown as { readonly runHooks: RunHooks },
      'runHooks',
      (original): RunHooks =>
        function (...call) {
          const hook = hookFor(call[0]);
          if (hook === undefined) return original.apply(this, call);

          const run = async () => {
            await original.apply(this, call);
            const done = hook(...(call.slice(1) as never[]));
            if (done !== undefined) await done;
          };
          const rows = rowsOfCall(this, call);
          return rows ? rows.inTurn(run) : run();
        },
    );
  }

  #hookFor(type: unknown): Hook | undefined {
    const found = this.#familyOf.get(type);
    return found?.family.signals?.some((signal) => signal.everConnected) ? found.hook : undefined;
  }
}
