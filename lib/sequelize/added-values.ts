import type { Model, ModelStatic, Sequelize } from 'sequelize';
import { internalsOf } from './internals.js';
import { replaceMethod } from './replace-method.js';

/**
 * On the options of a call: values for columns that its hooks and receivers have added. The copies
 * that Sequelize makes of the options of an increment have no symbols.
 */
const ADDED = 'sequelize-signals.added';

type Values = Record<string, unknown>;

interface Options {
  readonly [ADDED]?: Values;
}

/** The methods by which models write where Sequelize takes the values before it runs any hook. */
interface Writes {
  upsert(
    table: unknown,
    inserted: Values,
    updated: Values,
    where: unknown,
    options: Options,
  ): unknown;
  increment: ChangeNumbers;
  decrement: ChangeNumbers;
}

type ChangeNumbers = (
  model: unknown,
  table: unknown,
  where: unknown,
  amounts: Values,
  others: Values,
  options: Options,
) => unknown;

/** Has the calls of models write what `addValues` put on their options. Returns the undo. */
export function writeAddedValues(sequelize: Sequelize): () => void {
  const writes = internalsOf(sequelize).getQueryInterface() as unknown as Writes;
  const changing = (original: ChangeNumbers): ChangeNumbers =>
    function (this: Writes, model, table, where, amounts, others, options) {
      const all = { ...others, ...options[ADDED] };
      return original.call(this, model, table, where, amounts, all, options);
    };
  const undos = [
    replaceMethod(
      writes,
      'upsert',
      (original: Writes['upsert']): Writes['upsert'] =>
        function (this: Writes, table, inserted, updated, where, options) {
          const added = options[ADDED];
          return original.call(
            this,
            table,
            { ...inserted, ...added },
            { ...updated, ...added },
            where,
            options,
          );
        },
    ),
    replaceMethod(writes, 'increment', changing),
    replaceMethod(writes, 'decrement', changing),
  ];
  return () => {
    for (const undo of undos) undo();
  };
}

/** Has a call of `model` with these options write more values; those without a column are left out. */
export function addValues(model: ModelStatic<Model>, options: object, values: Values): void {
  const { tableAttributes } = model as unknown as {
    readonly tableAttributes: Readonly<Record<string, { readonly field?: string }>>;
  };
  const added = Object.entries(values).flatMap(([name, value]) => {
    const attribute = tableAttributes[name];
    return attribute ? [[attribute.field ?? name, value] as const] : [];
  });
  if (added.length > 0) Object.assign(options, { [ADDED]: Object.fromEntries(added) });
}
