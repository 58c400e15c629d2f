import type { AddedHook, AddedHooks } from '../sequelize/index.js';
import type { FeatureHook, FeatureHooks, ModelFeature } from './feature.js';
import { wasAnyHeard } from './listening.js';

/** The hooks of all features, those of one type in the order of the features. */
export function hooksOf(features: readonly ModelFeature[]): AddedHooks {
  const added = new Map<string, AddedHook[]>();
  for (const { hooks } of features) {
    if (hooks === undefined) continue;
    const add = (byType: FeatureHooks['byType'], runsFirst: boolean): void => {
      for (const [type, run] of Object.entries(byType)) {
        const hook = { ...whileNeeded(hooks, run), runsFirst };
        added.set(type, [...(added.get(type) ?? []), hook]);
      }
    };
    add(hooks.first ?? {}, true);
    add(hooks.byType, false);
  }
  return added;
}

function whileNeeded(
  { signals, areNeededUnheard }: FeatureHooks,
  hook: FeatureHook,
): Omit<AddedHook, 'runsFirst'> {
  const isNeeded = areNeededUnheard ? () => true : () => wasAnyHeard(signals);
  return { isNeeded, run: hook as AddedHook['run'] };
}
