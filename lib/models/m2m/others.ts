import type { Identifier, Model } from 'sequelize';
import { InvalidArgumentError } from '../../base/index.js';
import { normalKey } from './keys.js';
import type { ManyToMany, Others } from './many-to-many.js';

/** The values for the through row of each of the others, by their keys. */
export type ThroughValues = ReadonlyMap<Identifier, object>;

/**
 * The instances and keys that a call was given, each once.
 *
 * @throws {@link InvalidArgumentError} for what is not of the relation's model, or has no key (D-200).
 */
export function othersIn(side: ManyToMany, given: Others): ThroughValues {
  if (given === undefined || given === null) return new Map();
  const others = Array.isArray(given) ? given : [given];
  return new Map(others.map((other) => [keyOf(side, other), throughValuesOf(side, other)]));
}

/** As `othersIn`, for what replaces everything that is linked: `null` is nothing, and undefined a mistake. */
export function newOthersIn(side: ManyToMany, given: Others): ThroughValues | null {
  if (given === null) return null;
  if (given !== undefined) return othersIn(side, given);
  throw new InvalidArgumentError(
    'What is to be linked is undefined. Pass null or an empty array to unlink everything.',
  );
}

/** The key by which the rows of the through model know `source`. */
export function sourceKeyOf(side: ManyToMany, source: Model): Identifier {
  const key = source.get(side.sourceKey) as Identifier | null | undefined;
  if (key !== undefined && key !== null) return key;
  throw new InvalidArgumentError(
    `This ${source.constructor.name} has no "${side.sourceKey}" to be linked by. Save it first.`,
  );
}

function keyOf(side: ManyToMany, other: unknown): Identifier {
  const { target, targetKey } = side;
  const key: unknown = other instanceof target ? other.get(targetKey) : asKey(side, other);
  if (key !== undefined && key !== null) return normalKey(target, targetKey, key);
  throw new InvalidArgumentError(
    `A ${target.name} without a "${targetKey}" cannot be linked or unlinked. Save it first.`,
  );
}

function asKey({ target, targetKey }: ManyToMany, other: unknown): unknown {
  const isKey = typeof other !== 'object' || other === null || Buffer.isBuffer(other);
  if (isKey && targetKey === target.primaryKeyAttribute) return other;
  throw new InvalidArgumentError(
    isKey
      ? `This relation knows a ${target.name} by its "${targetKey}". Pass instances.`
      : `Only a ${target.name} or its key can be linked or unlinked here, not another object.`,
  );
}

/** Sequelize takes values for the through row from the instance, under the through model's name. */
function throughValuesOf({ through }: ManyToMany, other: unknown): object {
  if (typeof other !== 'object' || other === null) return {};
  const values: unknown = (other as Record<string, unknown>)[through.model.name];
  // A row that was loaded with the instance is of another link.
  return typeof values === 'object' && values !== null && !(values instanceof through.model)
    ? values
    : {};
}
