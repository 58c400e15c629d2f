import {
  type Database,
  declaredSides,
  type RelationSide,
  ReplacedMethods,
  watchRelations,
} from '../../sequelize/index.js';
import type { ModelFeature } from '../feature.js';
import { changesInBlocks } from './changes-in-blocks.js';
import { hooksOfIncludedLinks } from './included-links.js';

/** Sends `m2mChanged`. */
export function m2mFeature(database: Database): ModelFeature {
  const sides = new ReplacedMethods<RelationSide>();
  const watch = (side: RelationSide): void => {
    sides.add(side, () => side.replaceChanges(changesInBlocks(database, side)));
  };
  for (const side of declaredSides(database.sequelize)) watch(side);

  return {
    hooks: hooksOfIncludedLinks(database),
    replaceMethods: (model) => [watchRelations(model, watch)],
    undo: () => sides.undo(),
  };
}
