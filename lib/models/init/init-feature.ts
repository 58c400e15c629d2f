import { type Database, watchInstances } from '../../sequelize/index.js';
import type { ModelFeature } from '../feature.js';
import { postInit, preInit } from './init-signals.js';

/** Sends `preInit` and `postInit`. */
export function initFeature({ alias: using }: Database): ModelFeature {
  return {
    replaceMethods: (model) => [
      watchInstances(model, {
        // Hardly any program connects to these signals.
        isNeeded: () => preInit.everConnected || postInit.everConnected,
        making(sender, values) {
          const isHeard = preInit.everConnected && preInit.hasConnections(sender);
          if (isHeard) preInit.sendSync(sender, { values, using });
        },
        made(sender, instance) {
          const isHeard = postInit.everConnected && postInit.hasConnections(sender);
          if (isHeard) postInit.sendSync(sender, { instance, using });
        },
      }),
    ],
  };
}
