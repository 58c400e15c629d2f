import { expectTypeOf } from 'expect-type';
import {
  type Association,
  type CreationOptional,
  type Identifier,
  type InferAttributes,
  type InferCreationAttributes,
  literal,
  Model,
  type ModelStatic,
  Op,
  type Sequelize,
  type Transaction,
  type WhereOptions,
} from 'sequelize';
import {
  assertSendersResolved,
  classPrepared,
  connectionCreated,
  type ErrorCode,
  install,
  type M2MChanged,
  type ManyToManySetMixin,
  ModelSignal,
  m2mChanged,
  type PayloadBySender,
  type PostSave,
  ProtectedError,
  postBulkCreate,
  postBulkUpdate,
  postInit,
  postMigrate,
  postSave,
  preBulkUpdate,
  preDelete,
  preInit,
  preSave,
  receiver,
  type SignalEvent,
  unresolvedSenders,
  updateOrCreate,
} from 'sequelize-signals';
import { connectUmzug } from 'sequelize-signals/umzug';
import type { Umzug } from 'umzug';

class Order extends Model {
  declare total: number;
}
declare const Defined: ModelStatic<Model<{ id: number }>>;

class Inferred extends Model<InferAttributes<Inferred>, InferCreationAttributes<Inferred>> {
  declare id: CreationOptional<number>;
  declare email: string;
}

/** As sequelize-typescript has it: an abstract class between Sequelize's and one's own. */
abstract class TypescriptModel<
  Attributes extends object = object,
  CreationAttributes extends object = Attributes,
> extends Model<Attributes, CreationAttributes> {
  static isInitialized = false;
}
class Person extends TypescriptModel<{ name: string }, { name: string }> {
  declare name: string;
}

// These never run: they pass by compiling.
export function aSenderTellsTheInstance(): void {
  postSave.connect(
    ({ instance, created, sender, updateFields, transaction }) => {
      expectTypeOf(instance.total).toEqualTypeOf<number>();
      expectTypeOf(created).toEqualTypeOf<boolean>();
      expectTypeOf(new sender().total).toEqualTypeOf<number>();
      expectTypeOf(updateFields).toEqualTypeOf<ReadonlySet<string> | null>();
      expectTypeOf(transaction).toEqualTypeOf<Transaction | undefined>();
    },
    { sender: Order },
  );
  preDelete.connect(({ instance }) => instance.total, { sender: Order, once: true });
  preSave.connect(({ instance }) => instance.get('id'), { sender: Defined });
}

export function severalSendersTellAUnion(): void {
  class Invoice extends Model {
    declare total: number;
    declare due: Date;
  }
  postSave.connect(
    ({ instance, sender }) => {
      expectTypeOf(instance.total).toEqualTypeOf<number>();
      expectTypeOf(new sender().total).toEqualTypeOf<number>();
      // @ts-expect-error -- an Order has no such attribute
      instance.due;
      if (instance instanceof Invoice) expectTypeOf(instance.due).toEqualTypeOf<Date>();
    },
    { sender: [Order, Invoice] },
  );
  receiver([preSave, postSave], { sender: [Order, Invoice] })(({ instance }) => instance.total);
  for (const sender of [Order, Invoice]) {
    postSave.connect(({ instance }) => instance.total, { sender });
  }
  for (const sender of [Inferred, Person]) {
    postSave.connect(({ instance }) => instance.get('id' as never), { sender });
  }
  const declared: ModelStatic<Order | Invoice>[] = [Order, Invoice];
  for (const sender of declared) {
    postSave.connect(({ instance }) => instance.total, { sender });
  }
  const both = ({ instance }: SignalEvent<PostSave<Order>> | SignalEvent<PostSave<Invoice>>) =>
    instance.total;
  postSave.connect(both, { sender: [Order, Invoice] });
  postSave.disconnect(both, { sender: [Order, Invoice] });
  // @ts-expect-error -- a receiver for orders alone
  postSave.connect(({ instance }: SignalEvent<PostSave<Invoice>>) => instance.due, {
    sender: [Order, Invoice],
  });
  postSave.connect(({ instance }) => instance.isNewRecord, { sender: ['Order', 'Invoice'] });
}

export function aNameTellsNoMoreThanAModel(): void {
  preSave.connect(
    ({ instance }) => {
      expectTypeOf(instance.isNewRecord).toEqualTypeOf<boolean>();
      // @ts-expect-error -- a name does not tell the class
      instance.total;
    },
    { sender: 'Order' },
  );
  preSave.connect(({ instance, sender }) => {
    expectTypeOf(instance.isNewRecord).toEqualTypeOf<boolean>();
    expectTypeOf(sender.tableName).toEqualTypeOf<string>();
  });
}

export function otherSendersAreRefused(): void {
  // @ts-expect-error -- a number is no model
  preSave.connect(() => {}, { sender: 5 });
  // @ts-expect-error -- an instance is no model
  preSave.connect(() => {}, { sender: new Order() });
  // @ts-expect-error -- a number among models
  preSave.connect(() => {}, { sender: [Order, 5] });
  // @ts-expect-error -- a class that is no model
  preSave.connect(() => {}, { sender: class Plain {} });
  // @ts-expect-error -- a function that makes a model
  preSave.connect(() => {}, { sender: () => Order });
  // @ts-expect-error -- the sender by position, as in Django
  preSave.connect(() => {}, Order);
  // @ts-expect-error -- a number is no model here either
  receiver(preSave, { sender: 5 });
  // @ts-expect-error -- a receiver for the instances of another model
  preSave.connect(({ instance }: { instance: Person }) => instance.name, { sender: Order });
  preSave.connect(() => {}, { sender: null });
  // @ts-expect-error -- preSave does not know whether a row is created
  preSave.connect(({ created }) => created, { sender: Order });
}

export function receiversMayBeDeclared(): void {
  receiver(postSave, { sender: Order })(({ instance, created, sender }) => {
    expectTypeOf(instance.total).toEqualTypeOf<number>();
    expectTypeOf(created).toEqualTypeOf<boolean>();
    expectTypeOf(sender).toEqualTypeOf<ModelStatic<Order>>();
  });
  receiver([preSave, postSave], { sender: Order })(({ instance }) => instance.total);
  receiver(preSave, { sender: 'Order' })(({ instance, sender }) => {
    expectTypeOf(instance).toEqualTypeOf<Model>();
    expectTypeOf(sender).toEqualTypeOf<ModelStatic<Model>>();
  });
  receiver(preSave)(({ sender }) => sender.tableName);
  // @ts-expect-error -- preSave does not know whether a row is created
  receiver(preSave, { sender: Order })(({ created }) => created);
}

export function eachWayToDeclareAModelWorks(): void {
  postSave.connect(({ instance }) => expectTypeOf(instance.email).toEqualTypeOf<string>(), {
    sender: Inferred,
  });
  postSave.connect(({ instance }) => expectTypeOf(instance.name).toEqualTypeOf<string>(), {
    sender: Person,
  });
  postSave.connect(({ instance }) => instance.get('id'), { sender: Defined });
  const declared = (event: SignalEvent<PostSave<Person>, ModelStatic<Person>>): string =>
    event.instance.name;
  postSave.connect(declared, { sender: Person });
}

export function theActionTellsWhetherThereAreKeys(): void {
  m2mChanged.connect(
    (event) => {
      expectTypeOf(event.pkSet).toEqualTypeOf<Set<Identifier> | null>();
      if (event.action === 'pre_clear' || event.action === 'post_clear') {
        expectTypeOf(event.pkSet).toEqualTypeOf<null>();
      } else {
        expectTypeOf(event.pkSet).toEqualTypeOf<Set<Identifier>>();
      }
      expectTypeOf(event.model).toEqualTypeOf<ModelStatic<Model>>();
    },
    { sender: 'PostTag' },
  );
  m2mChanged.connect(({ action, pkSet }) => action === 'pre_add' && pkSet.delete(1));
  // @ts-expect-error -- an action that does not exist
  m2mChanged.connect(({ action }) => action === 'pre_set');
  expectTypeOf<M2MChanged['action']>().toEqualTypeOf<
    'pre_add' | 'post_add' | 'pre_remove' | 'post_remove' | 'pre_clear' | 'post_clear'
  >();
}

class Category extends Model {
  declare label: string;
}
class Event extends Model {
  declare title: string;
  declare static associations: { categories: Association<Event, Category> };
  declare setCategories: ManyToManySetMixin<Category, number>;
}

export function anAssociationTellsTheModelsOfBothSides(): void {
  const sender = Event.associations.categories;
  m2mChanged.connect(
    (event) => {
      expectTypeOf(event.instance).toEqualTypeOf<Event | Category>();
      expectTypeOf(event.model).toEqualTypeOf<ModelStatic<Event> | ModelStatic<Category>>();
      expectTypeOf(event.sender).toEqualTypeOf<ModelStatic<Model>>();
      if (event.instance instanceof Event) event.instance.title;
      if (event.action !== 'pre_clear' && event.action !== 'post_clear') event.pkSet.size;
    },
    { sender },
  );
  receiver(m2mChanged, { sender })(({ instance }) => {
    expectTypeOf(instance).toEqualTypeOf<Event | Category>();
  });
  m2mChanged.connect(({ instance }) => instance.isNewRecord, {
    sender: [sender, 'PostTag', Order],
  });
  m2mChanged.connect(({ instance }) => expectTypeOf(instance).toEqualTypeOf<Event | Category>(), {
    sender: Event.belongsToMany(Category, { through: 'EventCategory' }),
  });
  m2mChanged.disconnect(() => {}, { sender });
  // @ts-expect-error -- other signals have no associations for senders
  postSave.connect(() => {}, { sender });
  // @ts-expect-error -- neither side has it
  m2mChanged.connect(({ instance }) => instance.total, { sender });
}

export function setTakesNullAndClear(event: Event, category: Category): void {
  expectTypeOf(event.setCategories(null)).toEqualTypeOf<Promise<void>>();
  void event.setCategories([category, 5], { clear: true, through: { position: 1 } });
  // @ts-expect-error -- what is not there is a mistake
  void event.setCategories(undefined);
  // @ts-expect-error -- another model
  void event.setCategories([new Order()]);
  // @ts-expect-error -- an unknown option
  void event.setCategories([], { cleer: true });
}

export function bulkSignalsTellWhatTheyKnow(): void {
  postBulkCreate.connect(
    ({ instances, onConflict }) => {
      expectTypeOf(instances[0]?.total).toEqualTypeOf<number | undefined>();
      expectTypeOf(onConflict).toEqualTypeOf<'fail' | 'ignore' | 'update'>();
    },
    { sender: Order },
  );
  preBulkUpdate.connect(({ values, increments, where }) => {
    values.total = 1;
    expectTypeOf(increments).toEqualTypeOf<Readonly<Record<string, number>> | null>();
    expectTypeOf(where).toEqualTypeOf<WhereOptions | undefined>();
  });
  postBulkUpdate.connect(({ count }) => expectTypeOf(count).toEqualTypeOf<number | undefined>());
  // @ts-expect-error -- nobody knows the number before
  preBulkUpdate.connect(({ count }) => count);
}

export function theOthersTellTheirOwn(): void {
  preInit.connect(({ values }) => Object.assign(values, { total: 1 }), { sender: Order });
  postInit.connect(({ instance }) => instance.total, { sender: Order });
  // @ts-expect-error -- an instance is not there before it is made
  preInit.connect(({ instance }) => instance, { sender: Order });
  classPrepared.connect(({ sender }) => sender.getTableName(), { sender: 'Order' });
  connectionCreated.connect(({ connection }) => expectTypeOf(connection).toEqualTypeOf<object>());
  postMigrate.connect(({ plan }) => plan?.map(({ name, backwards }) => `${name} ${backwards}`));
}

export function anUmzugFits(umzug: Umzug<{ x: number }>): void {
  expectTypeOf(connectUmzug(umzug, { using: 'other' })).toEqualTypeOf<() => void>();
  // @ts-expect-error -- no Umzug
  connectUmzug({ up: () => {} });
}

export function applicationsMayHaveModelSignalsOfTheirOwn(): void {
  interface Paid<Instance extends Model> {
    readonly instance: Instance;
    readonly paidAt: Date;
  }
  interface PaidBySender extends PayloadBySender {
    readonly payload: Paid<this['instance']>;
  }
  const paid = new ModelSignal<PaidBySender>({ name: 'paid' });
  paid.connect(({ instance, paidAt }) => instance.total + paidAt.getTime(), { sender: Order });
  void paid.send(Order, { instance: new Order(), paidAt: new Date() });
  // @ts-expect-error -- paidAt is missing
  void paid.send(Order, { instance: new Order() });
}

export function namesCanBeChecked(): void {
  expectTypeOf(assertSendersResolved()).toEqualTypeOf<void>();
  expectTypeOf(unresolvedSenders()[0]?.name).toEqualTypeOf<string | undefined>();
}

export function updateOrCreateKnowsTheModel(): void {
  const email = 'ada@example.com';
  expectTypeOf(
    updateOrCreate(Inferred, { where: { email }, defaults: { email } }),
  ).resolves.toEqualTypeOf<[instance: Inferred, created: boolean]>();
  expectTypeOf(updateOrCreate(Defined, { where: { id: 1 } })).resolves.toEqualTypeOf<
    [instance: Model<{ id: number }>, created: boolean]
  >();
  void updateOrCreate(Order, { where: { total: 1 }, defaults: { total: () => 2 } });
  void updateOrCreate(Inferred, {
    where: { id: { [Op.gt]: 5 } },
    defaults: { email: async () => email },
    createDefaults: { email: literal("lower('ADA')") },
    transaction: null,
  });

  // @ts-expect-error -- it has to be told which row
  void updateOrCreate(Inferred, { defaults: { email } });
  // @ts-expect-error -- the model has no such attribute
  void updateOrCreate(Inferred, { where: { email }, defaults: { name: 'Ada' } });
  // @ts-expect-error -- an email is text
  void updateOrCreate(Inferred, { where: { email }, defaults: { email: 5 } });
  // @ts-expect-error -- so is what a function makes
  void updateOrCreate(Inferred, { where: { email }, createDefaults: { email: async () => 5 } });
  // @ts-expect-error -- there is no such option
  void updateOrCreate(Inferred, { where: { email }, default: { email } });
}

export async function cascadesAreOneChoice(sequelize: Sequelize): Promise<void> {
  install(sequelize, { cascades: 'signals' });
  // @ts-expect-error -- no such choice
  install(sequelize, { cascades: true });
  const error: unknown = await new Order().destroy().catch((thrown: unknown) => thrown);
  if (error instanceof ProtectedError) {
    expectTypeOf(error.rows).toEqualTypeOf<readonly Model[]>();
    expectTypeOf(error.code).toEqualTypeOf<ErrorCode>();
  }
}
