import type { BelongsToManySetAssociationsMixinOptions, Identifier, Model } from 'sequelize';

/** The options of `setX` of a `belongsToMany`. */
export interface ManyToManySetOptions extends BelongsToManySetAssociationsMixinOptions {
  /**
   * Has everything unlinked first, also what is linked again, while `m2mChanged` has receivers
   * (D-183).
   *
   * @defaultValue false
   */
  clear?: boolean | undefined;
}

/**
 * The type of `setX`, to declare it as it is: Sequelize's own, `BelongsToManySetAssociationsMixin`,
 * knows neither `null`, which unlinks everything, nor the option `clear`.
 *
 * @example
 * ```ts
 * import { Model } from 'sequelize';
 * import type { ManyToManySetMixin } from 'sequelize-signals';
 *
 * class Tag extends Model {}
 * class Post extends Model {
 *   declare setTags: ManyToManySetMixin<Tag, number>;
 * }
 *
 * export async function retag(post: Post, tags: Tag[]) {
 *   await post.setTags(tags, { clear: true });
 *   await post.setTags(null);
 * }
 * ```
 * @typeParam Target - the class of what is linked.
 * @typeParam Key - the type of its primary key.
 */
export type ManyToManySetMixin<Target extends Model, Key = Identifier> = (
  targets: (Target | Key)[] | null,
  options?: ManyToManySetOptions,
) => Promise<void>;
