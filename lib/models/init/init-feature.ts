import { type Database, watchInstances } from '../../sequelize/index.js';
import { everConnected, hasReceivers } from '../../signals/index.js';
import type { ModelFeature } from '../feature.js';
import { postInit, preInit } from './init-signals.js';

/** Sends `preInit` and `postInit`. */
export function initFeature({ alias: using }: Database): ModelFeature {
  return {
    replaceMethods: (model) => [
      watchInstances(model, {
        // Hardly any program connects to these signals.
        isNeeded: () => everConnected(preInit) || everConnected(postInit),
        making(sender, values) {
          const isHeard = everConnected(preInit) && hasReceivers(preInit, sender);
          if (isHeard) preInit.sendSync(sender, { values, using });
        },
        made(sender, instance) {
          const isHeard = everConnected(postInit) && hasReceivers(postInit, sender);
          if (isHeard) postInit.sendSync(sender, { instance, using });
        },
      }),
    ],
  };
}
