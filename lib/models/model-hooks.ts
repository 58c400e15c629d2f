import type { Model, ModelStatic } from 'sequelize';
import { replaceMethod } from '../sequelize/index.js';
import type { Family, Heard, Hook } from './family.js';
import { rowsOfCall } from './rows.js';

type RunHooks = (this: ModelStatic<Model>, ...call: HookCall) => Promise<void>;
type HookCall = readonly [type: unknown, ...parameters: unknown[]];

/**
 * The hooks of all families. They are run where Sequelize runs those of the application, and after
 * them, whichever were added first; added to Sequelize they would cost each save two promises more,
 * also while nobody listens.
 */
export class ModelHooks {
  readonly #byType = new Map<
    unknown,
    { readonly signals: readonly Heard[]; readonly hook: Hook }
  >();

  constructor(families: readonly Family[]) {
    for (const { hooks } of families) {
      if (hooks === undefined) continue;
      const { signals } = hooks;
      for (const [type, hook] of Object.entries(hooks.byType)) {
        this.#byType.set(type, { signals, hook });
      }
    }
  }

  /** Has `model` run them. Returns the undo. */
  runWith(model: ModelStatic<Model>): () => void {
    const byType = this.#byType;
    return replaceMethod(
      model as unknown as { readonly runHooks: RunHooks },
      'runHooks',
      (original): RunHooks =>
        function (...call) {
          const own = byType.get(call[0]);
          if (!own?.signals.some((signal) => signal.everConnected)) {
            return original.apply(this, call);
          }

          const { signals, hook } = own;
          const run = async () => {
            await original.apply(this, call);
            const done = hook(...(call.slice(1) as never[]));
            if (done !== undefined) await done;
          };
          const rows = rowsOfCall(this, call, signals);
          return rows ? rows.inTurn(run) : run();
        },
    );
  }
}
