import { type AddedHook, type AddedHooks, modelItself } from '../sequelize/index.js';
import type { Signal } from '../signals/index.js';
import type { FeatureHook, ModelFeature } from './feature.js';
import { isAnyHeard, wasAnyHeard } from './listening.js';

/** The hooks of all features, those of one type in the order of the features. */
export function hooksOf(features: readonly ModelFeature[]): AddedHooks {
  const added = new Map<string, AddedHook[]>();
  for (const { hooks } of features) {
    for (const [type, hook] of Object.entries(hooks?.byType ?? {})) {
      added.set(type, [...(added.get(type) ?? []), whileHeard(hooks?.signals ?? [], hook)]);
    }
  }
  return added;
}

function whileHeard(signals: readonly Signal<object>[], hook: FeatureHook): AddedHook {
  return {
    isNeeded: () => wasAnyHeard(signals),
    takesTurns: (model) => isAnyHeard(modelItself(model), signals),
    run: hook as AddedHook['run'],
  };
}
