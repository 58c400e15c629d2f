import type { Model, ModelAttributeColumnOptions, ModelStatic, Sequelize } from 'sequelize';
import { modelsOf } from './model-definitions.js';

/** What becomes of the rows that refer to one that is deleted. */
export type OnDelete = 'CASCADE' | 'SET NULL' | 'SET DEFAULT' | 'RESTRICT' | 'NO ACTION';

/** An attribute by which the rows of one model refer to those of another, or of the same. */
export interface ForeignKey {
  /** The model whose rows refer to others. */
  readonly model: ModelStatic<Model>;
  readonly attribute: string;
  /** Its table and column, which several models may have in common. */
  readonly column: string;
  /** The attribute of the other model whose values it has. */
  readonly targetAttribute: string;
  readonly onDelete: OnDelete;
  /** Whether the database has it as a constraint, and does the same by itself. */
  readonly isConstraint: boolean;
  readonly isNullable: boolean;
  /** What else a row has that refers to this model, where one attribute refers to several. */
  readonly scope: Readonly<Record<string, unknown>> | undefined;
}

/** By model, the foreign keys that refer to it, in the order in which the models that have them were defined. */
export type ForeignKeys = ReadonlyMap<ModelStatic<Model>, readonly ForeignKey[]>;

interface Snapshot {
  /** What the models were like when their keys were read. */
  readonly definitions: readonly object[];
  readonly keys: ForeignKeys;
}

const snapshots = new WeakMap<Sequelize, Snapshot>();

/** The foreign keys of all models: the same map as long as no model and no association is defined. */
export function foreignKeysOf(sequelize: Sequelize): ForeignKeys {
  const models = modelsOf(sequelize);
  const known = snapshots.get(sequelize);
  if (known && areLike(models, known.definitions)) return known.keys;

  const keys = keysOf(models);
  snapshots.set(sequelize, { definitions: models.map(definitionOf), keys });
  return keys;
}

/** Lets go of the models that had foreign keys, as one of them is removed. */
export function forgetForeignKeys(sequelize: Sequelize): void {
  snapshots.delete(sequelize);
}

function areLike(models: readonly ModelStatic<Model>[], definitions: readonly object[]): boolean {
  if (models.length !== definitions.length) return false;
  return models.every((model, index) => definitionOf(model) === definitions[index]);
}

/** What Sequelize makes anew whenever the attributes of a model change, as by an association. */
function definitionOf(model: ModelStatic<Model>): object {
  return (model as unknown as { readonly fieldRawAttributesMap: object }).fieldRawAttributesMap;
}

function keysOf(models: readonly ModelStatic<Model>[]): ForeignKeys {
  const keys = new Keys();
  const byTable = groupedBy(models, (model) => textOfTable(model.getTableName()));
  for (const model of models) {
    for (const [attribute, { references }] of Object.entries(model.getAttributes())) {
      if (!references) continue;
      const { table, column } = referenceOf(references as References);
      for (const target of byTable.get(table) ?? []) {
        keys.add(target, ofConstraint(model, attribute, target, column));
      }
    }
  }
  for (const association of models.flatMap(associationsOf)) addAssociation(keys, association);
  return keys.inOrderOf(models);
}

/** Foreign keys by the model that they refer to, each once. */
class Keys {
  readonly #byTarget = new Map<ModelStatic<Model>, Map<string, ForeignKey>>();

  add(target: ModelStatic<Model>, key: ForeignKey): void {
    const keys = this.#byTarget.get(target) ?? new Map<string, ForeignKey>();
    const identity = identityOf(key);
    const known = keys.get(identity);
    keys.set(identity, known ? merged(known, key) : key);
    this.#byTarget.set(target, keys);
  }

  delete(target: ModelStatic<Model>, key: ForeignKey): void {
    this.#byTarget.get(target)?.delete(identityOf(key));
  }

  inOrderOf(models: readonly ModelStatic<Model>[]): ForeignKeys {
    const positions = new Map(models.map((model, position) => [model, position]));
    const positionOf = ({ model }: ForeignKey): number => positions.get(model) ?? models.length;
    const sorted = (keys: Iterable<ForeignKey>): ForeignKey[] =>
      [...keys].sort((one, other) => positionOf(one) - positionOf(other));
    return new Map([...this.#byTarget].map(([target, keys]) => [target, sorted(keys.values())]));
  }
}

function identityOf({ model, attribute, scope }: ForeignKey): string {
  return JSON.stringify([model.name, attribute, scope]);
}

/**
 * What is known of one foreign key from a constraint and from an association, or from two
 * associations. Sequelize would delete rows before the database gets to do anything else with them.
 */
function merged(known: ForeignKey, other: ForeignKey): ForeignKey {
  if (known.onDelete !== other.onDelete) return other.onDelete === 'CASCADE' ? other : known;
  return { ...known, isConstraint: known.isConstraint && other.isConstraint };
}

function ofConstraint(
  model: ModelStatic<Model>,
  attribute: string,
  target: ModelStatic<Model>,
  column: string | undefined,
): ForeignKey {
  const [targetAttribute = target.primaryKeyAttribute] =
    Object.entries(target.getAttributes()).find(([, { field }]) => field === column) ?? [];
  return keyOf(model, attribute, targetAttribute, optionsOf(model, attribute).onDelete);
}

/** An association, as far as it tells of a foreign key. Sequelize's types leave most of it out. */
interface Association {
  readonly associationType: string;
  readonly source: ModelStatic<Model>;
  readonly target: ModelStatic<Model>;
  readonly foreignKey: string;
  /** The attribute of the source that the other rows have, and that of the target. */
  readonly sourceKey?: string;
  readonly targetKey?: string;
  readonly through?: { readonly model: ModelStatic<Model> };
  readonly scope?: ForeignKey['scope'] | null;
  readonly options: AssociationOptions;
}

interface AssociationOptions {
  readonly constraints?: boolean;
  readonly onDelete?: string;
  readonly useHooks?: boolean;
}

function associationsOf(model: ModelStatic<Model>): Association[] {
  return Object.values(model.associations) as unknown[] as Association[];
}

/** Adds the foreign key of an association where that does more than its constraint, or has none. */
function addAssociation(keys: Keys, association: Association): void {
  const { options, source, target } = association;
  const { onDelete, constraints, useHooks } = options;
  const isBelongsTo = association.associationType === 'BelongsTo';
  // Sequelize itself deletes the other rows then, whatever the constraint says.
  const isCascade = !!useHooks && onDelete?.toUpperCase() === 'CASCADE' && !isBelongsTo;
  if (onDelete === undefined || (constraints !== false && !isCascade)) return;

  const { model = isBelongsTo ? source : target } = association.through ?? {};
  if (association.through && constraints !== false) return;
  const to = isBelongsTo ? target : source;
  const { [isBelongsTo ? 'targetKey' : 'sourceKey']: key = to.primaryKeyAttribute } = association;
  const bare = {
    ...keyOf(model, association.foreignKey, key, onDelete),
    isConstraint: false,
  };
  const scope = association.through ? undefined : (association.scope ?? undefined);
  // An attribute that refers to rows of several models has a constraint for one of them at most.
  if (scope && constraints === false) keys.delete(to, bare);
  keys.add(to, { ...bare, scope });
}

function keyOf(
  model: ModelStatic<Model>,
  attribute: string,
  targetAttribute: string,
  onDelete: string | undefined,
): ForeignKey {
  const { field = attribute, allowNull, primaryKey } = optionsOf(model, attribute);
  return {
    model,
    attribute,
    column: `${textOfTable(model.getTableName())} ${field}`,
    targetAttribute,
    onDelete: (onDelete?.toUpperCase() ?? 'NO ACTION') as OnDelete,
    isConstraint: true,
    isNullable: allowNull !== false && !primaryKey,
    scope: undefined,
  };
}

function optionsOf(model: ModelStatic<Model>, attribute: string): AttributeOptions {
  return (model.getAttributes() as Readonly<Record<string, AttributeOptions>>)[attribute] ?? {};
}

type AttributeOptions = Partial<ModelAttributeColumnOptions>;

/** What an attribute refers to: a table, and a column of it unless that is its primary key. */
type References = string | { readonly model?: Table; readonly key?: string };
type Table = string | { readonly tableName: string; readonly schema?: string };

function referenceOf(references: References): { table: string; column: string | undefined } {
  if (typeof references === 'string') return { table: references, column: undefined };
  return { table: textOfTable(references.model ?? ''), column: references.key };
}

function textOfTable(table: Table): string {
  if (typeof table === 'string') return table;
  return table.schema ? `${table.schema}.${table.tableName}` : table.tableName;
}

function groupedBy<Item, Key>(
  items: readonly Item[],
  keyOf: (item: Item) => Key,
): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
