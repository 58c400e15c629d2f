import type { Model, ModelStatic } from 'sequelize';
import type { ForeignKey } from '../../sequelize/index.js';

type Models = readonly ModelStatic<Model>[];

/**
 * Models in the order in which their rows are told of and deleted: dependants first, and where they
 * depend on one another in a circle, in the order in which they were found (D-142).
 */
export function orderOfDeletion(
  found: Models,
  keysTo: (model: ModelStatic<Model>) => readonly ForeignKey[],
): Models {
  const ordered = (isMeant: (key: ForeignKey) => boolean): Models | undefined =>
    dependantsFirst(found, (model) =>
      keysTo(model)
        // What is to refer to nothing by then may be deleted at any time.
        .filter((key) => key.model !== model && key.onDelete !== 'SET NULL' && isMeant(key))
        .map((key) => key.model),
    );
  return ordered(() => true) ?? ordered((key) => !key.isNullable) ?? found;
}

/** Undefined when there is a circle. */
function dependantsFirst(
  models: Models,
  dependantsOf: (model: ModelStatic<Model>) => Models,
): Models | undefined {
  const all = new Set(models);
  const ordered = new Set<ModelStatic<Model>>();
  const isNext = (model: ModelStatic<Model>): boolean =>
    dependantsOf(model).every((dependant) => ordered.has(dependant) || !all.has(dependant));
  while (ordered.size < all.size) {
    const { size } = ordered;
    for (const model of models) if (isNext(model)) ordered.add(model);
    if (ordered.size === size) return undefined;
  }
  return [...ordered];
}
