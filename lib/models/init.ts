import type { Model, ModelStatic } from 'sequelize';
import { type Database, replaceMethod } from '../sequelize/index.js';
import type { Family } from './family.js';
import { postInit, preInit } from './model-signals.js';
import { senderOf } from './send.js';

/** What Sequelize's constructor of a model calls, for `new`, `build()` and each row of a query. */
type InitValues = (this: Model, values: object, options: object) => void;

/** Sends `preInit` and `postInit`. */
export function initFamily(database: Database): Family {
  const using = database.alias;
  const announced = (original: InitValues): InitValues =>
    function (values, options) {
      // Thousands of rows come by here, and hardly any program connects to these signals.
      if (!preInit.everConnected && !postInit.everConnected) {
        return original.call(this, values, options);
      }
      const sender = senderOf(this);
      const own = { ...values };
      if (isHeard(preInit, sender)) preInit.sendSync(sender, { values: own, using });
      original.call(this, own, options);
      if (isHeard(postInit, sender)) postInit.sendSync(sender, { instance: this, using });
    };
  return {
    replaceMethods: ({ prototype }) => [
      replaceMethod(
        prototype as unknown as { readonly _initValues: InitValues },
        '_initValues',
        announced,
      ),
    ],
  };
}

function isHeard(signal: typeof preInit | typeof postInit, sender: ModelStatic<Model>): boolean {
  return signal.everConnected && signal.hasConnections(sender);
}
