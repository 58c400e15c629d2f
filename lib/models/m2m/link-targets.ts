import type { Identifier, Model } from 'sequelize';
import { InvalidArgumentError } from '../../base/index.js';
import type { LinkTargets, RelationSide } from '../../sequelize/index.js';
import type { TargetKeys } from './target-keys.js';

/** The values for the links to some targets, by the keys of the targets. */
export type LinkTargetValues = ReadonlyMap<Identifier, object>;

/**
 * The instances and keys that a call was given, each once.
 *
 * @throws {@link InvalidArgumentError} for what is not of the relation's model, or has no key (D-200).
 */
export function linkTargetsIn(keys: TargetKeys, given: LinkTargets): LinkTargetValues {
  if (given === undefined || given === null) return new Map();
  const targets = Array.isArray(given) ? given : [given];
  return new Map(targets.map((target) => [keyOf(keys, target), linkValuesOf(keys.side, target)]));
}

/**
 * The keys of the instances and keys that a call is to unlink. What has no key is linked to nothing,
 * and left out.
 *
 * @throws {@link InvalidArgumentError} for what is not of the relation's model.
 */
export function linkedKeysIn(keys: TargetKeys, given: LinkTargets): Identifier[] {
  const targets: readonly unknown[] = Array.isArray(given) ? given : [given];
  const found = targets.map((target) => givenKey(keys.side, target) ?? undefined);
  return found.flatMap((key) => (key === undefined ? [] : [keys.of(key)]));
}

/**
 * As `linkTargetsIn`, for what replaces everything that is linked: `null` is nothing, and
 * undefined a mistake.
 */
export function newLinkTargetsIn(keys: TargetKeys, given: LinkTargets): LinkTargetValues | null {
  if (given === null) return null;
  if (given !== undefined) return linkTargetsIn(keys, given);
  throw new InvalidArgumentError(
    'What is to be linked is undefined. Pass null or an empty array to unlink everything.',
  );
}

/** Whether `source` has what links would know it by: without that, it has none. */
export function canHaveLinks(side: RelationSide, source: Model): boolean {
  return (source.get(side.sourceAttribute) ?? undefined) !== undefined;
}

/**
 * The key by which the links know `source`.
 *
 * @throws {@link InvalidArgumentError} when it has none (D-200).
 */
export function sourceKeyOf(side: RelationSide, source: Model): Identifier {
  const attribute = side.sourceAttribute;
  if (canHaveLinks(side, source)) return source.get(attribute) as Identifier;
  throw new InvalidArgumentError(
    `This ${source.constructor.name} has no "${attribute}" to be linked by. Save it first.`,
  );
}

function keyOf(keys: TargetKeys, given: unknown): Identifier {
  const { target, targetAttribute } = keys.side;
  const key = givenKey(keys.side, given);
  if (key !== undefined && key !== null) return keys.of(key);
  throw new InvalidArgumentError(
    `A ${target.name} without a "${targetAttribute}" cannot be linked or unlinked. Save it first.`,
  );
}

function givenKey(side: RelationSide, given: unknown): unknown {
  return given instanceof side.target ? given.get(side.targetAttribute) : asKey(side, given);
}

function asKey({ target, targetAttribute }: RelationSide, given: unknown): unknown {
  if (given === undefined || given === null) return undefined;
  const isKey = typeof given !== 'object' || Buffer.isBuffer(given) || given instanceof Date;
  if (isKey && targetAttribute === target.primaryKeyAttribute) return given;
  throw new InvalidArgumentError(
    isKey
      ? `This relation knows a ${target.name} by its "${targetAttribute}". Pass instances.`
      : `Only a ${target.name} or its key can be linked or unlinked here, not another object.`,
  );
}

/** Sequelize takes values for a link from the instance, under the name of the model of the links. */
function linkValuesOf({ linkModel }: RelationSide, given: unknown): object {
  if (typeof given !== 'object' || given === null) return {};
  const values: unknown = (given as Record<string, unknown>)[linkModel.name];
  // A row that was loaded with the instance is of another link.
  return typeof values === 'object' && values !== null && !(values instanceof linkModel)
    ? values
    : {};
}
