import { expectTypeOf } from 'expect-type';
import type { Sequelize, Transaction } from 'sequelize';
import {
  atomic,
  type Connection,
  connections,
  defer,
  onCommit,
  type PostCommit,
  postCommit,
  postRollback,
  transaction,
} from 'sequelize-signals';

// These never run: they pass by compiling.
export async function atomicInfersItsResult(): Promise<void> {
  expectTypeOf(atomic(() => 1)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(atomic(async () => 'a')).toEqualTypeOf<Promise<string>>();
  expectTypeOf(atomic({ durable: true }, async (t) => t)).toEqualTypeOf<Promise<Transaction>>();
  expectTypeOf(transaction.atomic(async () => {})).toEqualTypeOf<Promise<void>>();
}

export function atomicKeepsWhatItWraps(): void {
  const transfer = atomic({ savepoint: false })(
    async (from: string, to: number) => from.length + to,
  );
  expectTypeOf(transfer).parameters.toEqualTypeOf<[from: string, to: number]>();
  expectTypeOf(transfer).returns.toEqualTypeOf<Promise<number>>();

  const bound = atomic()(function (this: Date, add: number) {
    return this.getTime() + add;
  });
  expectTypeOf(bound).thisParameter.toEqualTypeOf<Date>();
  expectTypeOf(bound).returns.toEqualTypeOf<Promise<number>>();

  const described = atomic()(Object.assign(() => 1, { description: 'one' }));
  expectTypeOf(described.description).toEqualTypeOf<string>();
}

export class Bank {
  readonly name = 'bank';

  @atomic()
  async transfer(from: string, to: string): Promise<string> {
    return `${this.name}: ${from} to ${to}`;
  }

  @atomic({ using: 'other' })
  static async open(name: string): Promise<string> {
    return name;
  }
}
expectTypeOf<Bank['transfer']>().toEqualTypeOf<(from: string, to: string) => Promise<string>>();

export function atomicRefusesWhatItCannotDo(sequelize: Sequelize): void {
  // @ts-expect-error -- the body must be a function
  void atomic({}, 'body');
  // @ts-expect-error -- there is no such option
  void atomic({ savepoints: true }, () => {});
  // @ts-expect-error -- a number is no alias
  void atomic({ using: 1 }, () => {});
  void atomic(
    { using: sequelize, retry: { times: 3, delay: (attempt) => attempt * 10 } },
    () => {},
  );
  // @ts-expect-error -- the number of runs is needed
  void atomic({ retry: {} }, () => {});
}

export function callbacks(): void {
  expectTypeOf(onCommit(() => {})).toEqualTypeOf<Promise<void>>();
  // @ts-expect-error -- a callback takes no arguments
  void onCommit((order: string) => order);

  expectTypeOf(defer((id: number, name: string) => `${id}${name}`, 1, 'a')).toEqualTypeOf<
    string | undefined
  >();
  // @ts-expect-error -- the arguments must be those of the function
  void defer((id: number) => id, 'a');
}

export function signalsOfTransactions(): void {
  postCommit.connect(({ using, transaction: ended, sender }) => {
    expectTypeOf(using).toEqualTypeOf<string>();
    expectTypeOf(ended).toEqualTypeOf<Transaction>();
    expectTypeOf(sender).toEqualTypeOf<unknown>();
  });
  postRollback.connect(({ error }) => expectTypeOf(error).toEqualTypeOf<unknown>(), {
    sender: 'default',
  });
  transaction.signals.postCommit.connect((event) => {
    expectTypeOf(event).toExtend<PostCommit>();
    expectTypeOf(event.sender).toEqualTypeOf<string>();
  });
}

export function namespaces(): void {
  expectTypeOf(connections.get('default')).toEqualTypeOf<Connection | undefined>();
  expectTypeOf(transaction.current()).toEqualTypeOf<Transaction | undefined>();
  expectTypeOf(transaction.outside(() => 1)).toEqualTypeOf<number>();
  expectTypeOf(transaction.savepoint()).toEqualTypeOf<Promise<string | undefined>>();
}
