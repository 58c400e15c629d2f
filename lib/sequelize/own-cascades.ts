import type { Model, ModelStatic, Sequelize } from 'sequelize';
import { SignalsError } from '../base/index.js';
import { modelOf } from './models.js';
import { replaceMethod } from './replace-method.js';
import { RowKeys, textOfKey } from './row-keys.js';

/** On the options of a deletion: the rows whose deletion it is a part of. */
const DELETING: unique symbol = Symbol('deleting');

interface Options {
  readonly hooks?: boolean;
  readonly [DELETING]?: RowsInDeletion;
}

/** What sends the statement of an instance's `destroy()`, after it has deleted what depends on it. */
type Delete = (
  this: QueryInterface,
  instance: Model,
  ...statement: [table: unknown, where: object, options: Options]
) => Promise<unknown>;

interface QueryInterface {
  readonly delete: Delete;
  bulkDelete(
    table: unknown,
    where: object,
    options: object,
    model: ModelStatic<Model>,
  ): Promise<unknown>;
}

/**
 * Sequelize deletes what depends on a row by associations with `hooks: true`, one by one. Goes
 * round in no circle with that (sequelize#3529), or with `cascades: 'signals'` leaves it out.
 * Returns the undo.
 */
export function interceptOwnCascades(
  sequelize: Sequelize,
  cascades: 'signals' | undefined,
): () => void {
  return replaceMethod(
    sequelize.getQueryInterface() as unknown as { readonly delete: Delete },
    'delete',
    (original): Delete =>
      function (instance, ...statement) {
        if (ownCascades(modelOf(instance)).length === 0)
          return original.call(this, instance, ...statement);

        const [table, where, options] = statement;
        if (cascades === 'signals' && options.hooks !== false) {
          return this.bulkDelete(table, where, options, instance.constructor as never);
        }
        const deleting = options[DELETING] ?? new RowsInDeletion();
        return deleting.within(instance, () =>
          original.call(this, instance, table, where, { ...options, [DELETING]: deleting }),
        );
      },
  );
}

/** An association by which Sequelize deletes the rows of another model before that of an instance. */
interface OwnCascade {
  readonly target: ModelStatic<Model>;
  readonly options: { readonly onDelete?: string; readonly useHooks?: boolean };
  get(instance: Model, options: object): Promise<Model | readonly Model[] | null>;
}

/** The models whose rows Sequelize deletes one by one with those of a model. */
export function ownCascadesOf(model: ModelStatic<Model>): readonly ModelStatic<Model>[] {
  return ownCascades(model).map(({ target }) => target);
}

function ownCascades(model: ModelStatic<Model>): readonly OwnCascade[] {
  const associations = Object.values(model.associations) as unknown[] as OwnCascade[];
  return associations.filter(
    ({ options }) => options.useHooks && options.onDelete?.toUpperCase() === 'CASCADE',
  );
}

/**
 * Deletes what depends on a row of a call for many, as Sequelize does for `destroy()` of an instance
 * and for no other call (sequelize#3529).
 *
 * @param options - what the deletion of each gets, with no condition in them.
 */
export async function deleteOwnDependants(instance: Model, options: object): Promise<void> {
  const { [DELETING]: deleting = new RowsInDeletion() } = options as Options;
  await deleting.within(instance, async () => {
    for (const association of ownCascades(modelOf(instance))) {
      const inside = { ...options, [DELETING]: deleting };
      const found = await association.get(instance, inside);
      for (const dependant of [found ?? []].flat()) await dependant.destroy(inside as object);
    }
  });
}

/** The rows that a cascade of Sequelize has come by, from the first one to the one it is at. */
class RowsInDeletion {
  readonly #rows = new Set<string>();

  async within<Result>(instance: Model, body: () => Promise<Result>): Promise<Result> {
    const { name } = modelOf(instance);
    const key = textOfKey(new RowKeys(modelOf(instance), 'attributes').of(instance));
    const row = `${name} ${key}`;
    if (this.#rows.has(row)) throw circularError(name);

    this.#rows.add(row);
    try {
      return await body();
    } finally {
      this.#rows.delete(row);
    }
  }
}

function circularError(name: string): SignalsError {
  return new SignalsError(
    'SIGNALS_CIRCULAR_CASCADE',
    `A row of ${name} is to be deleted as a part of its own deletion: associations with "hooks: true" ` +
      'and "onDelete: \'CASCADE\'" lead back to it. Leave "hooks: true" out on one of them, or install ' +
      "with the option cascades: 'signals', which knows of such circles.",
  );
}
