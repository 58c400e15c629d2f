import { expectTypeOf } from 'expect-type';
import { Model, type ModelStatic, type Transaction } from 'sequelize';
import { postSave, preDelete, preSave, receiver } from 'sequelize-signals';

class Order extends Model {
  declare total: number;
}
declare const Defined: ModelStatic<Model<{ id: number }>>;

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
