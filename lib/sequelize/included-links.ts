import type { Model } from 'sequelize';
import type { HookOptions } from './hook-options.js';
import { textOfValue } from './keys.js';
import { type RelationSide, sideOfAssociation } from './many-to-many.js';
import { modelItself, modelOf } from './models.js';

/** Rows of a through model that an `include` has Sequelize insert: the links of one source. */
export interface IncludedLinks {
  readonly side: RelationSide;
  readonly source: Model;
  readonly links: readonly Model[];
}

/** The options of a save that an `include` asks for, of a target or of its link. */
interface OptionsOfInclude {
  readonly parentRecord?: Model;
  readonly as?: string;
}

/** Those that are created with hooks: what their `include` creates is not told whether they are. */
const withHooks = new WeakSet<Model>();

/** Has the links that `create()` or `save()` is going to insert for its `include` know their source. */
export function watchInclude(source: Model): void {
  const { include } = (source as unknown as { readonly _options: BulkOptions })._options;
  if (include?.length) withHooks.add(source);
}

/** The link that is being created for an `include` of `create()` or `save()`. */
export function includedLink(link: Model, options: HookOptions): IncludedLinks | undefined {
  const { parentRecord: source, as } = options as OptionsOfInclude;
  if (!source || as === undefined || !withHooks.has(source)) return undefined;
  const side = sideOfAssociation(modelOf(source).associations[as]);
  // The target is saved with the same options.
  if (side?.throughModel !== modelOf(link)) return undefined;
  return { side, source, links: [link] };
}

/**
 * On an `include` of a `bulkCreate`: by whom it is asked for. Sequelize copies it to the options of
 * whatever it creates for it.
 */
const INCLUDED_BY = 'sequelize-signals.includedBy';

interface Include {
  readonly association?: unknown;
  [INCLUDED_BY]?: IncludedBy;
}

/** The options of a call for many, which may be one that an `include` asks for. */
interface BulkOptions {
  readonly [INCLUDED_BY]?: IncludedBy;
  readonly model: Parameters<typeof modelItself>[0];
  readonly include?: readonly Include[];
}

/** Has the links that a `bulkCreate` is going to insert for its `include` know their sources. */
export function watchIncludes(sources: readonly Model[], options: HookOptions): void {
  for (const include of (options as BulkOptions).include ?? []) {
    const side = sideOfAssociation(include.association);
    if (side) include[INCLUDED_BY] = new IncludedBy(side, sources);
  }
}

/** The links that are being inserted for an `include` of `bulkCreate()`, those of each source together. */
export function includedLinks(rows: readonly Model[], options: HookOptions): IncludedLinks[] {
  const { [INCLUDED_BY]: includedBy, model } = options as BulkOptions;
  // The targets are inserted with the same mark.
  if (includedBy?.side.throughModel !== modelItself(model)) return [];
  return includedBy?.linksBySource(rows) ?? [];
}

/** An object of a class, as Sequelize makes copies of all others. */
class IncludedBy {
  readonly side: RelationSide;
  readonly #sources: readonly Model[];

  constructor(side: RelationSide, sources: readonly Model[]) {
    this.side = side;
    this.#sources = sources;
  }

  /** It is asked when the sources are stored and have their keys. */
  linksBySource(rows: readonly Model[]): IncludedLinks[] {
    const linksOf = new Map(this.#sources.map((source) => [primaryKeyOf(source), [] as Model[]]));
    for (const row of rows) {
      const key = this.side.sourceOf(row.dataValues as Record<string, unknown>);
      linksOf.get(textOfValue(key))?.push(row);
    }
    return this.#sources.flatMap((source) => {
      const links = linksOf.get(primaryKeyOf(source)) ?? [];
      return links.length > 0 ? [{ side: this.side, source, links }] : [];
    });
  }
}

/** Sequelize links by the primary key, whatever the relation says of `sourceKey`. */
function primaryKeyOf(source: Model): unknown {
  const { primaryKeyAttribute } = modelOf(source);
  return textOfValue(source.getDataValue(primaryKeyAttribute as never));
}
