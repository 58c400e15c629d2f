import type { Sequelize, Transaction } from 'sequelize';
import { atomic, onCommit, transaction } from 'sequelize-signals';
import type { Entry, Ledger } from '../support/ledger.js';
import type { Action, BlockAction, Body, CallbackKind, Naming, Program, Step } from './program.js';
import { newWitness, type Registration, rootOf, type Scope, type Witness } from './witness.js';

/** How many milliseconds a program has. Nothing in it waits for longer than locks do. */
const PATIENCE = 20_000;

/** Where a step runs, and what it may use. */
interface Place {
  readonly scope: Scope;
  readonly transaction: Transaction | undefined;
  readonly outer: Place | undefined;
  /** Whether the current transaction is another one, so that its own must be named. */
  readonly mustName: boolean;
  /** What was written last. */
  last: Entry | undefined;
  /** An instance that was made before the outermost block. */
  readonly keepsake: Entry | undefined;
}

type ActionOf<Does extends Action['does']> = Extract<Action, { does: Does }>;

/** Runs a program until all of it has settled, and tells what was seen. */
export function runProgram(program: Program, ledger: Ledger, prefix: string): Promise<Witness> {
  return new Run(ledger, prefix).all(program);
}

class Run {
  readonly #ledger: Ledger;
  readonly #sequelize: Sequelize;
  readonly #prefix: string;
  readonly #witness = newWitness();
  /** All that was started: what was not awaited settles some time as well. */
  readonly #started: Promise<unknown>[] = [];
  #names = 0;
  #now = 0;

  constructor(ledger: Ledger, prefix: string) {
    this.#ledger = ledger;
    this.#sequelize = ledger.sequelize;
    this.#prefix = prefix;
  }

  async all({ flows }: Program): Promise<Witness> {
    for (const flow of flows) this.#start(flow, this.#noBlock()).catch(() => {});
    if (!(await this.#settled())) this.#witness.complaints.push('something never ended');
    return this.#witness;
  }

  async #settled(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), PATIENCE);
    });
    const settled = await Promise.race([this.#allSettled(), timeout]);
    clearTimeout(timer);
    return settled;
  }

  async #allSettled(): Promise<true> {
    // What settles may have started something else.
    for (let count = 0; count < this.#started.length; ) {
      count = this.#started.length;
      await Promise.allSettled(this.#started);
    }
    return true;
  }

  #noBlock(): Place {
    const name = this.#name();
    return {
      scope: this.#scope(undefined, 'none'),
      transaction: undefined,
      outer: undefined,
      mustName: false,
      last: undefined,
      keepsake: this.#ledger.entries.build({ name }),
    };
  }

  #scope(parent: Scope | undefined, kind: Scope['kind']): Scope {
    const scope: Scope = {
      parent,
      kind,
      outcome: kind === 'none' ? 'resolved' : 'running',
      error: undefined,
      thrown: undefined,
      requested: false,
    };
    this.#witness.scopes.push(scope);
    return scope;
  }

  #start(step: Step, place: Place): Promise<unknown> {
    const running = this.#do(step, place);
    this.#started.push(running.catch(() => {}));
    return step.swallowed ? running.catch(() => {}) : running;
  }

  async #body({ steps, order }: Body, place: Place): Promise<void> {
    const inside = { ...place };
    if (order === 'in turn') {
      for (const step of steps) {
        const running = this.#start(step, step.awaited ? inside : alongside(inside));
        if (step.awaited) await running;
        else running.catch(() => {});
      }
      return;
    }
    const running = steps.map((step) => {
      const started = this.#start(step, alongside(inside));
      started.catch(() => {}); // or it is unhandled when it is not awaited
      return step.awaited ? started : undefined;
    });
    if (order === 'all') return void (await Promise.all(running));

    const outcomes = await Promise.allSettled(running);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async #do(step: Action, place: Place): Promise<void> {
    switch (step.does) {
      case 'write':
        return this.#write(step.names, place);
      case 'update':
        return this.#update(place.last, place);
      case 'keepsake':
        return this.#update(place.keepsake, place);
      case 'read':
        return void (await this.#ledger.entries.count({
          where: { name: `${this.#prefix}.1` },
          ...this.#own(place),
        }));
      case 'fail':
        return this.#fail(step, place);
      case 'lock':
        return void (await this.#sequelize.query(
          `UPDATE stakes SET bets = bets + 1 WHERE id = ${step.row}`,
          this.#own(place),
        ));
      case 'setRollback':
        return this.#setRollback(place);
      case 'register':
        return this.#register(step, place);
      case 'savepoint':
        return this.#savepoint(step, place);
      case 'outside':
        return transaction.outside(() => this.#body(step.body, this.#noBlock()));
      case 'call':
        return this.#body(step.body, place);
      case 'block':
        return step.kind === 'by hand' ? this.#byHand(step, place) : this.#block(step, place);
    }
  }

  /** The option that names the transaction, where the current one is another. */
  #own({ mustName, transaction }: Place): { transaction?: Transaction } {
    return mustName && transaction ? { transaction } : {};
  }

  async #write(names: Naming, place: Place): Promise<void> {
    const entry = this.#ledger.entries.build({ name: this.#name() });
    const named = this.#named(names, place);
    await this.#save(entry, place, named, names !== 'none');
    if (named === place) place.last = entry;
  }

  #named(names: Naming, place: Place): Place {
    return (names === 'outer' && place.outer) || place;
  }

  async #update(entry: Entry | undefined, place: Place): Promise<void> {
    if (entry) await this.#save(entry, place, place, false);
  }

  async #save(entry: Entry, place: Place, named: Place, isNamed: boolean): Promise<void> {
    const note = this.#name();
    const deed: Witness['deeds'][number] = {
      scope: named.scope,
      within: place.mustName ? named.scope : place.scope,
      entry,
      name: entry.name,
      note,
      began: this.#tick(),
      ended: Number.POSITIVE_INFINITY,
      outcome: 'running',
    };
    this.#witness.deeds.push(deed);
    entry.note = note;
    try {
      const { transaction } = named;
      await entry.save(isNamed || place.mustName ? { transaction } : {});
      deed.outcome = 'resolved';
    } catch (error) {
      deed.outcome = 'rejected';
      throw error;
    } finally {
      deed.ended = this.#tick();
    }
  }

  async #fail({ by }: ActionOf<'fail'>, place: Place): Promise<void> {
    if (by === 'application') throw new Error('the application');
    await this.#sequelize.query(this.#failing(by), this.#own(place));
  }

  #failing(by: 'server' | 'lost conflict'): string {
    if (by === 'server') return 'SELECT nonsense';
    return this.#sequelize.getDialect() === 'postgres'
      ? "DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$"
      : "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'lost'";
  }

  #setRollback({ scope, mustName }: Place): void {
    if (mustName || scope.kind === 'none') return; // it is about the current transaction
    const using = this.#sequelize;
    const wasSound = !transaction.getRollback({ using });
    transaction.setRollback(true, { using });
    let level = scope;
    while (level.kind === 'merged' && level.parent) level = level.parent;
    level.requested ||= wasSound || 'perhaps';
  }

  async #register({ by, callback }: ActionOf<'register'>, place: Place): Promise<void> {
    const registration: Registration = {
      scope: place.scope,
      name: this.#name(),
      at: this.#tick(),
      robust: by === 'onCommit robust',
      threw: false,
    };
    const call = this.#callback(callback, registration);
    if (by === 'afterCommit' && place.transaction) place.transaction.afterCommit(call);
    else {
      const options = { using: this.#sequelize, robust: registration.robust, ...this.#own(place) };
      const registered = onCommit(call, options);
      if (place.scope.kind === 'none') this.#witness.registrations.push(registration);
      await registered;
    }
    if (place.scope.kind !== 'none') this.#witness.registrations.push(registration);
  }

  #callback(kind: CallbackKind, registration: Registration): () => Promise<void> {
    return async () => {
      const using = this.#sequelize;
      this.#witness.called.push(registration.name);
      if (transaction.inAtomicBlock({ using })) {
        this.#witness.complaints.push(`${registration.name} was called in a transaction`);
      }
      try {
        if (kind === 'throws') throw new Error('the callback');
        if (kind === 'writes') await this.#write('none', this.#noBlock());
        if (kind === 'opens a block') await this.#block(SMALL_BLOCK, this.#noBlock());
        if (kind === 'loses a conflict') await this.#block(LOSING_BLOCK, this.#noBlock());
        if (kind === 'registers') {
          await this.#register(
            { does: 'register', by: 'onCommit', callback: 'is quiet' },
            this.#noBlock(),
          );
        }
      } catch (error) {
        registration.threw = true;
        this.#witness.callbackErrors.set(error, rootOf(registration.scope));
        throw error;
      }
    };
  }

  async #savepoint({ end, body }: ActionOf<'savepoint'>, place: Place): Promise<void> {
    if (place.mustName || place.scope.kind === 'none') return this.#body(body, place);
    const using = this.#sequelize;
    const setting = this.#tick();
    const sid = await transaction.savepoint({ using });
    const set = [setting, this.#tick()] as const;
    let failure: { readonly error: unknown } | undefined;
    try {
      await this.#body(body, { ...place, keepsake: undefined });
    } catch (error) {
      failure = { error };
    }
    if (end === 'rollback') {
      const began = this.#tick();
      await transaction.savepointRollback(sid, { using });
      this.#witness.undoings.push({
        scope: place.scope,
        set,
        rolledBack: [began, this.#tick()],
      });
      return;
    }
    if (failure) throw failure.error;
    if (end === 'commit') await transaction.savepointCommit(sid, { using });
  }

  async #block(step: BlockAction, place: Place): Promise<void> {
    const parent = parentOf(step, place);
    let scope: Scope | undefined;
    const body = async (opened: Transaction): Promise<void> => {
      if (scope) scope.outcome = 'rejected'; // and the block is run again
      scope = this.#scope(parent?.scope, step.kind);
      try {
        await this.#body(step.body, insideOf(step, place, scope, opened));
      } catch (error) {
        scope.thrown = { error };
        throw error;
      }
    };
    try {
      await this.#open(step, place, body);
      Object.assign(scope ?? {}, { outcome: 'resolved' });
    } catch (error) {
      Object.assign(scope ?? {}, { outcome: 'rejected', error });
      throw error;
    }
  }

  #open(
    step: BlockAction,
    place: Place,
    body: (opened: Transaction) => Promise<void>,
  ): Promise<void> {
    const { kind, retries } = step;
    const parent = parentOf(step, place);
    if (kind === 'managed') {
      return this.#sequelize.transaction(parent ? { transaction: parent.transaction } : {}, body);
    }
    const options = {
      using: this.#sequelize,
      ...(kind === 'merged' && { savepoint: false }),
      ...(retries > 0 && !parent && { retry: { times: retries } }),
      ...this.#own(place),
    };
    return atomic(options, body);
  }

  async #byHand(step: BlockAction, place: Place): Promise<void> {
    const parent = parentOf(step, place);
    const opened = await this.#sequelize.transaction(
      parent ? { transaction: parent.transaction } : {},
    );
    const scope = this.#scope(parent?.scope, step.kind);
    try {
      await this.#body(step.body, insideOf(step, place, scope, opened));
    } catch (error) {
      await end(scope, opened, 'rollback').catch(() => {});
      throw error;
    }
    await end(scope, opened, step.end);
  }

  #name(): string {
    this.#names += 1;
    return `${this.#prefix}.${this.#names}`;
  }

  #tick(): number {
    this.#now += 1;
    return this.#now;
  }
}

const SMALL_BLOCK = blockThat({ does: 'write', names: 'none' });
const LOSING_BLOCK = blockThat({ does: 'fail', by: 'lost conflict' });

function blockThat(action: Action): BlockAction {
  const steps: Step[] = [{ ...action, awaited: true, swallowed: false }];
  return {
    does: 'block',
    kind: 'atomic',
    nested: false,
    retries: 0,
    end: 'commit',
    body: { steps, order: 'in turn' },
  };
}

/** The place of the block around, for what is inside of it on the same connection. */
function parentOf({ kind, nested }: BlockAction, place: Place): Place | undefined {
  const joins = nested || kind === 'atomic' || kind === 'merged';
  return joins && place.scope.kind !== 'none' ? place : undefined;
}

function insideOf(step: BlockAction, place: Place, scope: Scope, opened: Transaction): Place {
  const parent = parentOf(step, place);
  return {
    scope,
    transaction: opened,
    outer: parent,
    mustName: step.kind === 'by hand',
    last: parent?.last,
    keepsake: isRestored(step.kind) ? place.keepsake : undefined,
  };
}

/** Whether instances are again what they were when a block of this kind is undone. */
function isRestored(kind: BlockAction['kind']): boolean {
  return kind === 'atomic' || kind === 'merged';
}

/** For a step beside which others run: it shares no instance with them. */
function alongside(place: Place): Place {
  return { ...place, last: undefined, keepsake: undefined };
}

async function end(scope: Scope, opened: Transaction, how: BlockAction['end']): Promise<void> {
  try {
    await opened[how]();
    scope.outcome = how === 'commit' ? 'resolved' : 'rejected';
  } catch (error) {
    scope.outcome = scope.parent && isTooLate(error) ? 'ended by its parent' : 'rejected';
    scope.error = error;
    throw error;
  }
}

/** A transaction inside another one that was not ended in time has the outcome of that one. */
function isTooLate(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === 'SIGNALS_TRANSACTION_ENDED' || code === 'SIGNALS_TRANSACTION_COMMITTING';
}
