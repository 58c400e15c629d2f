import type { Model, ModelStatic } from 'sequelize';
import type { Database } from '../../sequelize/index.js';
import { replaceMethod } from '../../sequelize/index.js';
import type { Family } from '../family.js';
import { Replaced } from '../replaced.js';
import { declareSide, inOrderOfDeclaration, type ManyToMany } from './many-to-many.js';
import { replaceRelationMethods } from './replace-relation-methods.js';

type BelongsToMany = (this: ModelStatic<Model>, ...parameters: unknown[]) => ManyToMany;

/** Sends `m2mChanged`. */
export function relationFamily(database: Database): Family {
  const sides = new Replaced<ManyToMany>();
  const watch = (side: ManyToMany): ManyToMany => {
    declareSide(side);
    sides.add(side, () => replaceRelationMethods(database, side));
    return side;
  };
  for (const side of inOrderOfDeclaration(declaredSides(database))) watch(side);

  return {
    replaceMethods: (model) => [
      // The hook afterAssociate runs for relations with hooks: true only.
      replaceMethod(
        model as unknown as { readonly belongsToMany: BelongsToMany },
        'belongsToMany',
        (original): BelongsToMany =>
          function (...parameters) {
            return watch(original.apply(this, parameters));
          },
      ),
    ],
    undo: () => sides.undo(),
  };
}

function declaredSides({ sequelize }: Database): ManyToMany[] {
  const associations = sequelize.modelManager.all.flatMap((model) =>
    Object.values(model.associations),
  ) as unknown[] as ManyToMany[];
  return associations.filter(({ associationType }) => associationType === 'BelongsToMany');
}
