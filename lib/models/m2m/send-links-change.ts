import type { Identifier, Model, Transaction } from 'sequelize';
import type { Database, RelationSide } from '../../sequelize/index.js';
import { hasReceivers } from '../../signals/index.js';
import { type M2MChanged, m2mChanged } from './m2m-signals.js';

/** What is told of a change of links, besides where it happens. */
export interface LinksChange {
  readonly instance: Model;
  readonly action: M2MChanged['action'];
  readonly pkSet: Set<Identifier> | null;
}

/** Whether anybody listens to the changes of a relation. Its through model sends them, whoever made it. */
export function isRelationHeard(side: RelationSide): boolean {
  return hasReceivers(m2mChanged, side.throughModel);
}

/** Sends `m2mChanged` in the block of the change. */
export async function sendLinksChange(
  database: Database,
  side: RelationSide,
  change: LinksChange,
  transaction: Transaction | null | undefined,
): Promise<void> {
  const payload = {
    ...change,
    reverse: side.isDeclaredSecond,
    model: side.target,
    using: database.alias,
    transaction: transaction || undefined,
  };
  await database.within(transaction, () =>
    m2mChanged.send(side.throughModel, payload as M2MChanged),
  );
}
