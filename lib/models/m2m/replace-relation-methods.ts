import type { Model } from 'sequelize';
import { type Database, replaceMethod } from '../../sequelize/index.js';
import { inOneBlock } from '../../transactions/index.js';
import { m2mChanged } from '../model-signals.js';
import { Links } from './links.js';
import type { Change, ChangeOptions, ManyToMany, Others } from './many-to-many.js';
import { newOthersIn, othersIn, sourceKeyOf, type ThroughValues } from './others.js';

/**
 * Has one side of a relation send `m2mChanged`, each call in one block with its receivers (D-188).
 * Without receivers it is Sequelize's own, whose `set` deletes and inserts side by side, and whose
 * `add` and `remove` tell nobody what they change (J-23). Returns how to undo it.
 */
export function replaceRelationMethods(
  database: Database,
  side: ManyToMany,
): readonly (() => void)[] {
  function watched<Parsed>(
    parse: (side: ManyToMany, given: Others) => Parsed,
    change: (links: Links, others: Parsed) => Promise<unknown>,
  ): (original: Change<Others>) => Change<Others> {
    return (original) =>
      async (...call) => {
        const [source, given, options = {}] = call;
        if (!isHeard(side, options)) return original.apply(side, call);

        const others = parse(side, given);
        return inBlock(database, side, source, options, (inside) =>
          change(new Links(database, side, source, inside), others),
        );
      };
  }

  const watchedCreate =
    (original: ManyToMany['create']): ManyToMany['create'] =>
    async (...call) => {
      const [source, values, given = {}] = call;
      const options: ChangeOptions & { readonly fields?: unknown } = Array.isArray(given)
        ? { fields: given }
        : given;
      if (!isHeard(side, options)) return original.apply(side, call);

      return inBlock(database, side, source, options, (inside) =>
        original.call(side, source, values, inside),
      );
    };

  return [
    replaceMethod(
      side,
      'add',
      watched(othersIn, (links, others) => links.add(others)),
    ),
    replaceMethod(
      side,
      'remove',
      watched(othersIn, (links, others) => links.remove(others.keys())),
    ),
    replaceMethod(
      side,
      'set',
      watched(newOthersIn, (links, others: ThroughValues | null) => links.set(others)),
    ),
    replaceMethod(side, 'create', watchedCreate),
  ];
}

function isHeard({ through }: ManyToMany, { hooks }: ChangeOptions): boolean {
  return hooks !== false && m2mChanged.hasConnections(through.model);
}

async function inBlock<Result>(
  database: Database,
  side: ManyToMany,
  source: Model,
  options: ChangeOptions,
  body: (options: ConstructorParameters<typeof Links>[3]) => Promise<Result>,
): Promise<Result> {
  // What is wrong with the arguments must not break the block that the call is in.
  sourceKeyOf(side, source);
  return inOneBlock(database, options.transaction, (transaction) =>
    body({ ...options, transaction }),
  );
}
