import type { Identifier, Model, ModelStatic, Transaction, WhereOptions } from 'sequelize';

/** What the payloads of all model signals have. */
export interface ModelPayload {
  /** The alias of the database. */
  readonly using: string;
  /** The transaction that the operation runs in, as the receivers do; undefined outside of one. */
  readonly transaction: Transaction | undefined;
}

/** What receivers of `preSave` get. */
export interface PreSave<Instance extends Model = Model> extends ModelPayload {
  /** What is being saved. What a receiver changes is written. */
  readonly instance: Instance;
  /** Whether the caller asked to store values as they are, with `raw: true`, as fixtures are. */
  readonly raw: boolean;
  /** The fields that the caller named; `null` when it named none. */
  readonly updateFields: ReadonlySet<string> | null;
}

/** What receivers of `postSave` get. */
export interface PostSave<Instance extends Model = Model> extends PreSave<Instance> {
  /** Whether a row was inserted. */
  readonly created: boolean;
}

/** What receivers of `preDelete` and `postDelete` get. */
export interface Delete<Instance extends Model = Model> extends ModelPayload {
  /** What is being deleted. It keeps its key. */
  readonly instance: Instance;
  /**
   * Where the deletion began: the instance whose `destroy()` was called, or the very options that
   * `Model.destroy()` was given.
   */
  readonly origin: object;
  /** Whether the row stays and is marked only, as those of paranoid models are. */
  readonly soft: boolean;
}

/** What receivers of `preBulkCreate` and `postBulkCreate` get. */
export interface BulkCreate<Instance extends Model = Model> extends ModelPayload {
  /**
   * What is being inserted. What a receiver changes before is written, except by `upsert`. The
   * database may not have told the keys and defaults of the rows.
   */
  readonly instances: readonly Instance[];
  /** What becomes of rows that are there already: which of them were, nobody tells. */
  readonly onConflict: 'fail' | 'ignore' | 'update';
}

/** What receivers of `preBulkUpdate` get. */
export interface BulkUpdate extends ModelPayload {
  /** The new values. What a receiver changes is written. */
  readonly values: Record<string, unknown>;
  /** By how much `increment` and `decrement` change each field; `null` for an update. */
  readonly increments: Readonly<Record<string, number>> | null;
  /** Which rows are updated, as Sequelize asks for them: with the model's scope. */
  readonly where: WhereOptions | undefined;
}

/** What receivers of `postBulkUpdate` get. */
export interface BulkUpdated extends BulkUpdate {
  /** The number of rows; undefined for `increment` and `decrement`, which do not tell. */
  readonly count: number | undefined;
}

/** What receivers of `preBulkDelete` get. */
export interface BulkDelete extends ModelPayload {
  /** Which rows are deleted, as Sequelize asks for them; undefined for all, by `truncate`. */
  readonly where: WhereOptions | undefined;
  /** Whether the rows stay and are marked only, as those of paranoid models are. */
  readonly soft: boolean;
}

/** What receivers of `postBulkDelete` get. */
export interface BulkDeleted extends BulkDelete {
  /** The number of rows; undefined where the database does not tell. */
  readonly count: number | undefined;
}

interface LinksChange extends ModelPayload {
  /** The instance whose method was called. */
  readonly instance: Model;
  /** Whether that was on the side whose `belongsToMany` was declared second. */
  readonly reverse: boolean;
  /** The model of the other side. */
  readonly model: ModelStatic<Model>;
}

/** What receivers of `m2mChanged` get when single links are made or removed. */
export interface LinksChanged<Action extends LinksAction = LinksAction> extends LinksChange {
  readonly action: Action;
  /**
   * The keys of the others: those that get linked, without those that are linked already, or all
   * that were asked to be unlinked. It is one set before and after; what a receiver takes out of
   * it before, is left as it is.
   */
  readonly pkSet: Set<Identifier>;
}

/** What receivers of `m2mChanged` get when all links of an instance are removed. */
export interface LinksCleared<Action extends ClearAction = ClearAction> extends LinksChange {
  readonly action: Action;
  readonly pkSet: null;
}

type LinksAction = 'pre_add' | 'post_add' | 'pre_remove' | 'post_remove';
type ClearAction = 'pre_clear' | 'post_clear';

/** What receivers of `m2mChanged` get; the `action` tells which. */
export type M2MChanged =
  | LinksChanged<'pre_add'>
  | LinksChanged<'post_add'>
  | LinksChanged<'pre_remove'>
  | LinksChanged<'post_remove'>
  | LinksCleared<'pre_clear'>
  | LinksCleared<'post_clear'>;

/** What receivers of `preInit` get. */
export interface PreInit {
  /** The alias of the database. */
  readonly using: string;
  /** The values that the instance is made of. What a receiver changes is in the instance. */
  readonly values: Record<string, unknown>;
}

/** What receivers of `postInit` get. */
export interface PostInit<Instance extends Model = Model> {
  /** The alias of the database. */
  readonly using: string;
  /** What was made. Field initialisers of its class have not run yet. */
  readonly instance: Instance;
}

/** What receivers of `classPrepared` get. */
export interface ClassPrepared {
  /** The alias of the database. */
  readonly using: string;
}

/** What receivers of `connectionCreated` get. */
export interface ConnectionCreated {
  /** The alias of the database. */
  readonly using: string;
  /** The driver's own connection. */
  readonly connection: object;
}

/** What receivers of `preMigrate` and `postMigrate` get. */
export interface Migrate {
  /** The alias of the database. */
  readonly using: string;
  /**
   * The migrations in their order: before, those that are going to run, and after, those that
   * did; `null` for `sequelize.sync()`, which has none.
   */
  readonly plan: readonly MigrationStep[] | null;
}

/** One migration of a plan. */
export interface MigrationStep {
  readonly name: string;
  /** Whether it is undone. */
  readonly backwards: boolean;
}

/**
 * A payload that knows the class of its instances from the sender: `payload` names `this['instance']`
 * where they stand. TypeScript has no other way to leave a type parameter of a type open.
 */
export interface PayloadBySender {
  readonly instance: Model;
  readonly payload: object;
}

/** The payload for senders whose instances are of the class `Instance`. */
export type PayloadFor<Kind extends PayloadBySender, Instance extends Model> = (Kind & {
  readonly instance: Instance;
})['payload'];

/** The payload of `preSave`, by sender. */
export interface PreSaveBySender extends PayloadBySender {
  readonly payload: PreSave<this['instance']>;
}

/** The payload of `postSave`, by sender. */
export interface PostSaveBySender extends PayloadBySender {
  readonly payload: PostSave<this['instance']>;
}

/** The payload of `preDelete` and `postDelete`, by sender. */
export interface DeleteBySender extends PayloadBySender {
  readonly payload: Delete<this['instance']>;
}

/** The payload of `m2mChanged`, whose sender is the through model. */
export interface M2MChangedBySender extends PayloadBySender {
  readonly payload: M2MChanged;
}

/** The payload of `preBulkCreate` and `postBulkCreate`, by sender. */
export interface BulkCreateBySender extends PayloadBySender {
  readonly payload: BulkCreate<this['instance']>;
}

/** The payload of `preBulkUpdate`, whatever the sender. */
export interface BulkUpdateBySender extends PayloadBySender {
  readonly payload: BulkUpdate;
}

/** The payload of `postBulkUpdate`, whatever the sender. */
export interface BulkUpdatedBySender extends PayloadBySender {
  readonly payload: BulkUpdated;
}

/** The payload of `preBulkDelete`, whatever the sender. */
export interface BulkDeleteBySender extends PayloadBySender {
  readonly payload: BulkDelete;
}

/** The payload of `postBulkDelete`, whatever the sender. */
export interface BulkDeletedBySender extends PayloadBySender {
  readonly payload: BulkDeleted;
}

/** The payload of `preInit`, whatever the sender. */
export interface PreInitBySender extends PayloadBySender {
  readonly payload: PreInit;
}

/** The payload of `postInit`, by sender. */
export interface PostInitBySender extends PayloadBySender {
  readonly payload: PostInit<this['instance']>;
}

/** The payload of `classPrepared`, whatever the sender. */
export interface ClassPreparedBySender extends PayloadBySender {
  readonly payload: ClassPrepared;
}
