import type { AddedHook, AddedHooks } from '../sequelize/index.js';
import type { Signal } from '../signals/index.js';
import type { FeatureHook, FeatureHooks, ModelFeature } from './feature.js';
import { wasAnyHeard } from './listening.js';

/** The hooks of all features, those of one type in the order of the features. */
export function hooksOf(features: readonly ModelFeature[]): AddedHooks {
  const added = new Map<string, AddedHook[]>();
  for (const { hooks } of features) {
    const add = (byType: FeatureHooks['byType'], runsFirst: boolean): void => {
      for (const [type, run] of Object.entries(byType)) {
        const hook = { ...whileHeard(hooks?.signals ?? [], run), runsFirst };
        added.set(type, [...(added.get(type) ?? []), hook]);
      }
    };
    add(hooks?.first ?? {}, true);
    add(hooks?.byType ?? {}, false);
  }
  return added;
}

function whileHeard(
  signals: readonly Signal<object>[],
  hook: FeatureHook,
): Omit<AddedHook, 'runsFirst'> {
  return { isNeeded: () => wasAnyHeard(signals), run: hook as AddedHook['run'] };
}
