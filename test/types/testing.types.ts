import { expectTypeOf } from 'expect-type';
import { Model, type ModelStatic } from 'sequelize';
import { type AnyReceiver, postSave, Signal } from 'sequelize-signals';
import {
  captureOnCommitCallbacks,
  failCommit,
  muteSignals,
  recordSignal,
  testTransaction,
} from 'sequelize-signals/testing';

class Order extends Model {
  declare total: number;
}
const orderPaid = new Signal<{ order: Order }>({ name: 'orderPaid' });

// These never run: they pass by compiling.
export async function aRecordingKnowsTheEvent(): Promise<void> {
  const [paid] = recordSignal(orderPaid, { sender: Order }).events;
  expectTypeOf(paid?.order.total).toEqualTypeOf<number | undefined>();
  expectTypeOf(paid?.sender).toEqualTypeOf<typeof Order | undefined>();

  const saved = await recordSignal(postSave, { sender: Order }).next();
  expectTypeOf(saved.instance.total).toEqualTypeOf<number>();

  const [any] = recordSignal(postSave).events;
  expectTypeOf(any?.sender).toEqualTypeOf<ModelStatic<Model> | undefined>();
}

export function whatIsMutedKeepsItsType(): void {
  const mute = muteSignals(orderPaid, postSave, { sender: Order, except: ['audit'] });

  expectTypeOf(mute((n: number) => n / 2)).toEqualTypeOf<(n: number) => number>();
  const load = mute(async function (this: Order) {
    return this.total;
  });
  expectTypeOf(load).toEqualTypeOf<(this: Order) => Promise<number>>();
  expectTypeOf(mute(Order)).toEqualTypeOf<typeof Order>();

  expectTypeOf(mute.run(() => 1)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(mute.run(async ({ suppressed }) => suppressed[0]?.receiver)).toEqualTypeOf<
    Promise<AnyReceiver | undefined>
  >();
  expectTypeOf(mute.everywhere()).toExtend<Disposable>();
  expectTypeOf(mute.everywhere(async ({ suppressed }) => suppressed.length)).toEqualTypeOf<
    Promise<number>
  >();
}

export function aMuteDecorates(): void {
  const mute = muteSignals(orderPaid);

  @mute
  abstract class Import {
    static count(): number {
      return 1;
    }
    abstract name: string;
    @mute
    async run(from: string): Promise<string> {
      return from;
    }
  }
  expectTypeOf(Import.count()).toEqualTypeOf<number>();
  expectTypeOf<Import['run']>().toEqualTypeOf<(from: string) => Promise<string>>();
}

export function aMuteRefuses(): void {
  // @ts-expect-error -- a name is no signal
  muteSignals('postSave');
  // @ts-expect-error -- options come last
  muteSignals({ sender: Order }, postSave);
  // @ts-expect-error -- there is no such option
  muteSignals(postSave, { only: [] });
}

export async function aCaptureResolvesToFunctions(): Promise<void> {
  const callbacks = await captureOnCommitCallbacks(() => {});
  expectTypeOf(callbacks).toEqualTypeOf<(() => unknown)[]>();
  const executed = await captureOnCommitCallbacks({ execute: true }, async () => 1);
  expectTypeOf(executed).toEqualTypeOf<(() => unknown)[]>();
  // @ts-expect-error -- there is nothing to run
  await captureOnCommitCallbacks({ execute: true });

  const ofRequests = await captureOnCommitCallbacks.everywhere({ using: 'other' }, () => 1);
  expectTypeOf(ofRequests).toEqualTypeOf<(() => unknown)[]>();
}

export function otherToolsRefuse(): void {
  testTransaction.hooks({ beforeEach, afterEach }, { using: 'default', onCommit: 'hold' });
  // @ts-expect-error -- it runs or holds
  testTransaction({ onCommit: 'drop' });
  // @ts-expect-error -- an Error is thrown
  failCommit({ error: 'disk full' });
}
