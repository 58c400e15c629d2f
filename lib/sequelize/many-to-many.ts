import type {
  Identifier,
  Model,
  ModelStatic,
  Sequelize,
  Transaction,
  WhereOptions,
} from 'sequelize';
import { obtain, peek } from '../base/index.js';
import { keyAsLoaded } from './keys.js';
import { modelsOf } from './model-definitions.js';
import { modelItself } from './models.js';
import { replaceMethod } from './replace-method.js';
import type { Undos } from './replaced-methods.js';
import { sequelizeClassOf } from './sequelize-class.js';

/** The options of the calls that change links. */
export interface ChangeOptions {
  readonly transaction?: Transaction | null | undefined;
  readonly hooks?: boolean | undefined;
  /** Values for the links. */
  readonly through?: object | undefined;
  /** Has `setX` take away all that there is first, also what it adds again (D-183). */
  readonly clear?: boolean | undefined;
  /** Of `createX`: the fields of the new target that are stored. */
  readonly fields?: string[] | undefined;
  /** Of `createX`: what is created together with the new target. */
  readonly include?: unknown;
}

/** What is to be linked or unlinked: an instance, its key, or several of them. */
export type LinkTargets = Model | Identifier | readonly (Model | Identifier)[] | null | undefined;

type Change<Given> = (source: Model, given: Given, options?: ChangeOptions) => Promise<unknown>;

/** What changes the links of `source`; the methods of instances, such as `addX`, call these. */
interface Changes {
  add: Change<LinkTargets>;
  remove: Change<LinkTargets>;
  set: Change<LinkTargets>;
  create: Change<object | undefined>;
}

/** What `belongsToMany` makes. Sequelize's types leave most of it out. */
interface BelongsToMany extends Changes {
  readonly associationType: string;
  readonly target: ModelStatic<Model>;
  readonly through: { readonly model: ModelStatic<Model>; readonly scope?: object | undefined };
  /** The attributes of the through model that hold the keys of the two sides. */
  readonly identifier: string;
  readonly foreignIdentifier: string;
  /** The attributes of the two sides that those hold. */
  readonly sourceKey: string;
  readonly targetKey: string;
  /** The side from its target back, where either was there when the other was declared. */
  readonly paired?: BelongsToMany;
}

/** For each of the calls that change links, how to make another one of Sequelize's own. */
export type ChangeReplacements = {
  readonly [Name in keyof Changes]: (original: Changes[Name]) => Changes[Name];
};

/**
 * One side of a many-to-many relation: from its source, the model that `belongsToMany` was called
 * of, to its target. A link is a row of the through model. Each is asked for when it is needed:
 * the declaration of the other side may change the attributes of this one.
 */
export class RelationSide {
  readonly #association: BelongsToMany;

  constructor(association: object) {
    this.#association = association as BelongsToMany;
  }

  /** The model of the targets, also where the relation was declared with a scope of it. */
  get target(): ModelStatic<Model> {
    return modelItself(this.#association.target);
  }

  /** The through model. */
  get throughModel(): ModelStatic<Model> {
    return modelItself(this.linkModel);
  }

  /** What links are read and written by: the through model, or the scope of it that was declared. */
  get linkModel(): ModelStatic<Model> {
    return this.#association.through.model;
  }

  /** The column that has the key of the target in the table of the links. */
  get targetColumn(): string {
    const { foreignIdentifier } = this.#association;
    return this.linkModel.getAttributes()[foreignIdentifier]?.field ?? foreignIdentifier;
  }

  /** The attribute of the source that links know it by. */
  get sourceAttribute(): string {
    return this.#association.sourceKey;
  }

  /** The attribute of the target that links know it by. */
  get targetAttribute(): string {
    return this.#association.targetKey;
  }

  /** Whether the other side of the relation was declared before this one, or any like it. */
  get isDeclaredSecond(): boolean {
    const side = this.#association;
    const first = directionsOf(this.throughModel).find(
      (earlier) => isLike(earlier, side) || isOpposite(earlier, side),
    );
    return first !== undefined && !isLike(first, side);
  }

  /**
   * What the links from a source have, or those from it to some targets: the condition that finds
   * them, and the values of a new one. It keeps to the scope of the relation.
   */
  linksOf(source: Identifier, targets?: Identifier | Identifier[]): Record<string, unknown> {
    const { identifier, foreignIdentifier, through } = this.#association;
    const links = { [identifier]: source, ...through.scope };
    return targets === undefined ? links : { ...links, [foreignIdentifier]: targets };
  }

  /** The condition for all links from a source. A row without a target is none of them. */
  allLinksOf(source: Identifier): WhereOptions {
    const { Op: operators } = sequelizeClassOf(this.throughModel);
    const links = this.linksOf(source);
    return { ...links, [this.#association.foreignIdentifier]: { [operators.ne]: null } };
  }

  /** The key of the target that a link leads to; undefined for a row that has lost its target. */
  targetOf(link: Readonly<Record<string, unknown>>): Identifier | undefined {
    const key = link[this.#association.foreignIdentifier] ?? undefined;
    return key === undefined ? undefined : this.targetKeyAsLoaded(key);
  }

  /** The key of the source that a link comes from, as the link has it. */
  sourceOf(link: Readonly<Record<string, unknown>>): unknown {
    return link[this.#association.identifier];
  }

  /** A key of a target as it is when the target is loaded, whatever it was given as. */
  targetKeyAsLoaded(key: unknown): Identifier {
    return keyAsLoaded(this.target, this.targetAttribute, key);
  }

  /** Has links changed by methods of one's own. Returns the undos. */
  replaceChanges({ add, remove, set, create }: ChangeReplacements): Undos {
    const side = this.#association;
    return [
      replaceMethod(side, 'add', (original: Changes['add']) => add(original.bind(side))),
      replaceMethod(side, 'remove', (original: Changes['remove']) => remove(original.bind(side))),
      replaceMethod(side, 'set', (original: Changes['set']) => set(original.bind(side))),
      replaceMethod(side, 'create', (original: Changes['create']) => create(original.bind(side))),
    ];
  }
}

/** Whether `model` was made by Sequelize, for a relation whose `through` is a mere name. */
export function isAutoCreated(model: ModelStatic<Model>): boolean {
  // Such a model is defined with the options of the relation.
  return 'through' in model.options;
}

/** Whether `model` holds the links of a relation, of which an installed database knows. */
export function isThroughModel(model: ModelStatic<Model>): boolean {
  return directionsByLinkModel.has(model);
}

type DeclareSide = (this: ModelStatic<Model>, ...parameters: unknown[]) => BelongsToMany;

/** Tells of each side of a relation that `model` is given from now on. Returns the undo. */
export function watchRelations(
  model: ModelStatic<Model>,
  declared: (side: RelationSide) => void,
): () => void {
  // The hook afterAssociate runs for relations with hooks: true only.
  return replaceMethod(
    model as unknown as { readonly belongsToMany: DeclareSide },
    'belongsToMany',
    (original): DeclareSide =>
      function (...parameters) {
        const association = original.apply(this, parameters);
        declared(noteSide(association));
        return association;
      },
  );
}

/** The sides of relations that are declared by now, in the order of their declarations. */
export function declaredSides(sequelize: Sequelize): RelationSide[] {
  const associations = modelsOf(sequelize).flatMap((model) =>
    Object.values(model.associations),
  ) as unknown[] as BelongsToMany[];
  const sides = associations.filter(({ associationType }) => associationType === 'BelongsToMany');
  return inOrderOfDeclaration(sides).map(noteSide);
}

/** Whether something is an association, of whatever kind and of whichever copy of Sequelize. */
export function isAssociation(value: unknown): boolean {
  return typeof peek(value, 'associationType') === 'string';
}

/** The side that an association is; undefined for an association of another kind. */
export function sideOfAssociation(association: unknown): RelationSide | undefined {
  if (peek(association, 'associationType') !== 'BelongsToMany') return undefined;
  const side = association as BelongsToMany;
  return obtain(sideOf, side, () => new RelationSide(side));
}

const sideOf = new WeakMap<BelongsToMany, RelationSide>();

/** What a side is known by: from which of the two keys of a link to which it leads. */
type Direction = Pick<BelongsToMany, 'identifier' | 'foreignIdentifier'>;

/**
 * The directions of the sides whose links a model holds, in the order of their declarations. Not
 * the sides: those of models that are defined anew, with the same `through`, are free to die.
 */
const directionsByLinkModel = new WeakMap<ModelStatic<Model>, readonly Direction[]>();

function directionsOf(linkModel: ModelStatic<Model>): readonly Direction[] {
  return directionsByLinkModel.get(linkModel) ?? [];
}

function noteSide(side: BelongsToMany): RelationSide {
  // This declaration may have changed the keys of the other side, which is the earlier one.
  if (side.paired && sideOf.has(side.paired)) noteDirection(side.paired);
  noteDirection(side);
  return obtain(sideOf, side, () => new RelationSide(side));
}

function noteDirection({ identifier, foreignIdentifier, through }: BelongsToMany): void {
  const direction = { identifier, foreignIdentifier };
  const model = modelItself(through.model);
  const known = directionsOf(model);
  if (known.some((each) => isLike(each, direction))) return;
  directionsByLinkModel.set(model, [...known, direction]);
}

function isLike(one: Direction, other: Direction): boolean {
  const { identifier, foreignIdentifier } = one;
  return identifier === other.identifier && foreignIdentifier === other.foreignIdentifier;
}

function isOpposite(one: Direction, other: Direction): boolean {
  const { identifier, foreignIdentifier } = one;
  return identifier === other.foreignIdentifier && foreignIdentifier === other.identifier;
}

/** Sides that were declared before anyone watched, in the order of their declarations. */
function inOrderOfDeclaration(sides: readonly BelongsToMany[]): BelongsToMany[] {
  const early = sides.filter((side) => !foundItsPair(side));
  return [...early, ...sides.filter(foundItsPair)];
}

/** Of two sides, the later one finds the other while it is made: before it knows its own keys. */
function foundItsPair(side: BelongsToMany): boolean {
  const properties = Object.keys(side);
  const paired = properties.indexOf('paired');
  return paired !== -1 && paired < properties.indexOf('sourceKey');
}
