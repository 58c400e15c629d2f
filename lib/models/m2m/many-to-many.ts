import type { Identifier, Model, ModelStatic, Transaction } from 'sequelize';

/** The options of the calls that change a many-to-many relation. */
export interface ChangeOptions {
  readonly transaction?: Transaction | null | undefined;
  readonly hooks?: boolean | undefined;
  /** Values for the rows of the through model. */
  readonly through?: object | undefined;
  /** Has `setX` take away all that there is first, also what it adds again (D-183). */
  readonly clear?: boolean | undefined;
}

/** What is put into or taken out of a relation: an instance, its key, or several of them. */
export type Others = Model | Identifier | readonly (Model | Identifier)[] | null | undefined;

/** A method that changes the links of `source`. */
export type Change<Given> = (
  source: Model,
  given: Given,
  options?: ChangeOptions,
) => Promise<unknown>;

/**
 * One side of a many-to-many relation, as `belongsToMany` makes it. The methods of instances call
 * the ones here; Sequelize's types leave them out.
 */
export interface ManyToMany {
  readonly associationType: string;
  readonly target: ModelStatic<Model>;
  readonly through: { readonly model: ModelStatic<Model>; readonly scope?: object | undefined };
  /** The attributes of the through model that hold the keys of the two sides. */
  readonly identifier: string;
  readonly foreignIdentifier: string;
  /** The attributes of the two sides that those hold. */
  readonly sourceKey: string;
  readonly targetKey: string;
  /** The other side, once both are declared. */
  readonly paired?: ManyToMany | undefined;
  add: Change<Others>;
  set: Change<Others>;
  remove: Change<Others>;
  create: Change<object | undefined>;
}

/** Whether `model` was made by Sequelize, for a relation whose `through` is a mere name. */
export function isAutoCreated(model: ModelStatic<Model>): boolean {
  // Such a model is defined with the options of the relation.
  return 'through' in model.options;
}

const sidesOf = new WeakMap<ModelStatic<Model>, ManyToMany[]>();

/** Notes that a side was declared, in the order of the declarations. */
export function declareSide(side: ManyToMany): void {
  const sides = sidesOf.get(side.through.model) ?? [];
  if (!sides.includes(side)) sidesOf.set(side.through.model, [...sides, side]);
}

/** Whether the other side of the relation was declared before this one, or any like it. */
export function isReverse(side: ManyToMany): boolean {
  const sides = sidesOf.get(side.through.model) ?? [];
  const first = sides.find((earlier) => isLike(earlier, side) || isOtherSide(earlier, side));
  return first !== undefined && !isLike(first, side);
}

function isLike(one: ManyToMany, other: ManyToMany): boolean {
  const { identifier, foreignIdentifier } = one;
  return identifier === other.identifier && foreignIdentifier === other.foreignIdentifier;
}

function isOtherSide(one: ManyToMany, other: ManyToMany): boolean {
  const { identifier, foreignIdentifier } = one;
  return identifier === other.foreignIdentifier && foreignIdentifier === other.identifier;
}

/** Sides that were declared before anyone watched, in the order of their declarations. */
export function inOrderOfDeclaration(sides: readonly ManyToMany[]): ManyToMany[] {
  const early = sides.filter((side) => !foundItsPair(side));
  return [...early, ...sides.filter(foundItsPair)];
}

/** Of two sides, the later one finds the other while it is made: before it knows its own keys. */
function foundItsPair(side: ManyToMany): boolean {
  const properties = Object.keys(side);
  const paired = properties.indexOf('paired');
  return paired !== -1 && paired < properties.indexOf('sourceKey');
}
