import { type AnyReceiver, type ReceiverResponse, Signal } from 'sequelize-signals';

/** A sender, by its letter; none is null. */
export type Letter = 'A' | 'B' | 'C' | null;

/** What a program does, as conformance/README.md tells. */
export type DispatchOperation =
  | ['connect', { r: number; sender: Letter; uid?: string }]
  | ['disconnect', { r: number | null; sender: Letter; uid?: string }]
  | ['has', { sender: Letter }]
  | ['send' | 'robust', { sender: Letter; x: number }];

export interface DispatchProgram {
  readonly ops: readonly DispatchOperation[];
}

export type DispatchTrace = readonly (readonly unknown[])[];

type Payload = { x: number };
type Send = 'send' | 'sendSync';
type SendRobust = 'sendRobust' | 'sendRobustSync';

/** How a replay sends, and which of its receivers, by number, return a promise. */
export interface DispatchManner {
  readonly title: string;
  readonly send: Send;
  readonly robust: SendRobust;
  isAsync(receiver: number): boolean;
}

const SENDERS = { A: class A {}, B: class B {}, C: class C {} };
const BOUND_RECEIVER = 7;

/** Runs a program on a signal of its own, and returns what it logged. */
export async function runDispatchProgram(
  program: DispatchProgram,
  manner: DispatchManner,
): Promise<DispatchTrace> {
  const run = new DispatchRun(manner);
  for (const operation of program.ops) await run.perform(operation);
  return run.log;
}

class DispatchRun {
  readonly log: unknown[][] = [];
  readonly #signal = new Signal<Payload>({ name: 'replayed' });
  readonly #manner: DispatchManner;
  readonly #receivers: readonly AnyReceiver[];
  readonly #owner = { response: BOUND_RECEIVER };

  constructor(manner: DispatchManner) {
    this.#manner = manner;
    this.#receivers = Array.from({ length: 8 }, (_, number) => this.#makeReceiver(number));
  }

  async perform([name, args]: DispatchOperation): Promise<void> {
    if (name === 'connect') this.#connect(args.r, args.sender, args.uid);
    if (name === 'disconnect') {
      this.log.push(['disconnect', this.#disconnect(args.r, args.sender, args.uid)]);
    }
    if (name === 'has') this.log.push(['has', this.#signal.hasListeners(toSender(args.sender))]);
    if (name === 'send') this.log.push(['sent', await this.#send(args.sender, args.x)]);
    if (name === 'robust') this.log.push(['robust', await this.#sendRobust(args.sender, args.x)]);
  }

  #connect(number: number, sender: Letter, dispatchUid?: string): void {
    this.#signal.connect(this.#receiver(number) as () => unknown, {
      sender: toSender(sender),
      dispatchUid,
      thisArg: this.#thisArg(number) as undefined,
    });
  }

  #disconnect(number: number | null, sender: Letter, dispatchUid?: string): boolean {
    return this.#signal.disconnect(number === null ? null : this.#receiver(number), {
      sender: toSender(sender),
      dispatchUid,
      thisArg: number === null ? undefined : this.#thisArg(number),
    });
  }

  async #send(sender: Letter, x: number): Promise<unknown> {
    try {
      return this.#pairs(await this.#signal[this.#manner.send](toSender(sender), { x }));
    } catch (error) {
      return (error as Error).message;
    }
  }

  async #sendRobust(sender: Letter, x: number): Promise<unknown> {
    return this.#pairs(await this.#signal[this.#manner.robust](toSender(sender), { x }));
  }

  #pairs(responses: ReceiverResponse[]): unknown[] {
    return responses.map(([receiver, response]) => [
      this.#receivers.indexOf(receiver),
      response instanceof Error ? response.message : response,
    ]);
  }

  #receiver(number: number): AnyReceiver {
    const receiver = this.#receivers[number];
    if (receiver === undefined) throw new RangeError(`There is no receiver ${number}.`);
    return receiver;
  }

  /** What stands for a bound method here: a method with the object that it is called on. */
  #thisArg(number: number): object | undefined {
    return number === BOUND_RECEIVER ? this.#owner : undefined;
  }

  #makeReceiver(number: number): AnyReceiver {
    const run = this;
    function respond(this: unknown, { sender, x }: { sender: unknown; x: number }): unknown {
      run.log.push(['call', number, toLetter(sender), x]);
      return run.#act(number, this);
    }
    if (!this.#manner.isAsync(number)) return respond;
    return async function respondLater(this: unknown, event: Parameters<typeof respond>[0]) {
      await Promise.resolve();
      return respond.call(this, event);
    };
  }

  #act(number: number, thisArg: unknown): unknown {
    if (number === 4) throw new Error('boom');
    if (number === 5) this.log.push(['inner-disconnect', this.#disconnect(1, null)]);
    if (number === 6) this.#connect(2, null);
    if (number === BOUND_RECEIVER) return (thisArg as { response: number }).response;
    return number;
  }
}

function toSender(letter: Letter): unknown {
  return letter === null ? null : SENDERS[letter];
}

function toLetter(sender: unknown): Letter {
  return sender === null ? null : ((sender as { name: string }).name as Letter);
}
