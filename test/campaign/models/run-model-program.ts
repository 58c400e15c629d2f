import { isDeepStrictEqual } from 'node:util';
import type { Model } from 'sequelize';
import { atomic, transaction, updateOrCreate } from 'sequelize-signals';
import type {
  ModelProgram,
  ModelStep,
  ReceiverPlan,
  Rows,
  Since,
  TableName,
} from './model-program.js';
import { type Known, Replay } from './replay.js';
import { factsOf, type Row, type Schema, type State, type Table } from './schema.js';
import { listen, signalNamed, type Told } from './told.js';

type Call = Exclude<ModelStep, { does: 'block' }>;
type Method = (...parameters: unknown[]) => Promise<unknown>;

/** What came of one program. */
export interface ModelVerdict {
  readonly complaints: readonly string[];
  /** How often what was done, and how it ended. */
  readonly counts: ReadonlyMap<string, number>;
  /** Whether it came to a call that failed, parts of which may still be going on. */
  readonly isStopped: boolean;
}

/** Runs a program, and compares what each call told with what it stored. */
export async function runModelProgram(
  { receivers, steps }: ModelProgram,
  schema: Schema,
): Promise<ModelVerdict> {
  await schema.clear();
  const run = new Run(schema, receivers);
  try {
    await run.steps(steps);
  } catch (error) {
    if (error instanceof Stop) run.isStopped = true;
    else run.complain(`the program failed: ${String(error)}`);
  } finally {
    run.end();
  }
  const { complaints, counts, isStopped } = run;
  return { complaints, counts, isStopped };
}

/** What a program is left with, where nobody can know what is still being done. */
class Stop extends Error {}

/** What receivers and blocks of a program throw. */
class Thrown extends Error {}

class Run implements ModelVerdict {
  isStopped = false;
  readonly complaints: string[] = [];
  readonly counts = new Map<string, number>();
  readonly #schema: Schema;
  readonly #undos: (() => void)[];
  #told: Told[] = [];
  /** What receivers set in rows before they were written. */
  readonly #notes = new Map<Row, string>();
  /** Whether a receiver is doing something, which other receivers only listen to. */
  #isBusy = false;
  #depth = 0;

  constructor(schema: Schema, receivers: readonly ReceiverPlan[]) {
    this.#schema = schema;
    const listening = listen(schema, {
      tell: (told) => void this.#told.push(told),
      isNested: () => this.#isBusy,
    });
    this.#undos = [listening, ...receivers.map((plan) => this.#connect(plan))];
  }

  end(): void {
    for (const undo of this.#undos) undo();
  }

  complain(what: string): void {
    this.complaints.push(what);
  }

  async steps(steps: readonly ModelStep[]): Promise<void> {
    for (const step of steps) {
      if (this.complaints.length > 0) return;
      await (step.does === 'block' ? this.#block(step) : this.#call(step));
    }
  }

  async #block(step: Extract<ModelStep, { does: 'block' }>): Promise<void> {
    const before = await this.#schema.snapshot();
    this.#depth += 1;
    const body = async () => {
      await this.steps(step.steps);
      if (step.throws) throw new Thrown('a block');
      return this.#schema.snapshot();
    };
    const isMerged = step.by === 'atomic without savepoint';
    const { sequelize } = this.#schema;
    const run =
      step.by === 'sequelize.transaction'
        ? this.#transaction(body)
        : atomic({ using: sequelize, savepoint: !isMerged }, body);
    const end = await run.then(
      (kept) => ({ kept }),
      (error: unknown) => ({ error }),
    );
    this.#depth -= 1;
    this.#count('block', 'error' in end ? 'undone' : 'kept');
    if ('error' in end && (end.error instanceof Stop || (isMerged && this.#depth > 0))) {
      throw end.error;
    }
    const after = await this.#schema.snapshot();
    if (!isDeepStrictEqual(after, 'kept' in end ? end.kept : before)) {
      this.complain(`a block was ${'kept' in end ? 'kept' : 'undone'}, and its rows were not`);
    }
  }

  /** A transaction of Sequelize, which is inside of another one where it is told so. */
  #transaction<Result>(body: () => Promise<Result>): Promise<Result> {
    const { sequelize } = this.#schema;
    const current = transaction.current({ using: sequelize });
    return current
      ? sequelize.transaction({ transaction: current }, body)
      : sequelize.transaction(body);
  }

  async #call(step: Call): Promise<void> {
    const first = await this.#schema.snapshot();
    const run = await this.#prepare(step, first);
    if (run === undefined) return;
    const before = 'since' in step ? await this.#schema.snapshot() : first;

    this.#told = [];
    this.#notes.clear();
    const end = await run().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const told = this.#told;
    this.#count(step.does, end ? `failed with ${nameOf(end.error)}` : 'done');
    if (end && isStartedTogether(step)) throw new Stop();
    if (end && this.#depth > 0) throw end.error;

    const after = await this.#schema.snapshot();
    if ('hooks' in step && !step.hooks) return this.#judgeMuted(step, told);
    if (end && isBlock(step)) return this.#judgeUndone(step, before, after);
    this.#judge(step, before, after, told);
    if (end) return;
    this.#judgePairs(step, told);
    this.#judgeNotes(step, told);
  }

  #judge(step: Call, before: State, after: State, told: readonly Told[]): void {
    const replay = new Replay(before, after, knownOf(step), this.#schema.sequelize);
    for (const each of told) replay.add(each);
    replay.compare();
    this.complaints.push(...replay.complaints.map((what) => `${step.does}: ${what}`));
  }

  #judgeMuted(step: Call, told: readonly Told[]): void {
    if (told.length > 0) this.complain(`${step.does} without hooks sent ${told[0]?.signal}`);
  }

  #judgeUndone(step: Call, before: State, after: State): void {
    if (isDeepStrictEqual(before, after)) return;
    this.complain(`${step.does} failed, and something of it is stored`);
  }

  /** Each signal before has its signal after. */
  #judgePairs(step: Call, told: readonly Told[]): void {
    const { does } = step;
    const count = (signal: string) =>
      told.filter((each) => each.signal === signal && each.action === undefined).length;
    for (const kind of ['Save', 'Delete', 'BulkCreate', 'BulkUpdate', 'BulkDelete']) {
      const [pre, post] = [count(`pre${kind}`), count(`post${kind}`)];
      const mayBeMissing = ['Save', 'Delete'].includes(kind) && mayWriteNothing(step);
      if (post > pre || (post < pre && !mayBeMissing))
        this.complain(`${does} sent pre${kind} ${pre} times, and post${kind} ${post}`);
    }
    const actions = told.map(({ action }) => action ?? '').filter((action) => action !== '');
    for (const [at, action] of actions.entries()) {
      if (action.startsWith('post_') && actions[at - 1] !== action.replace('post', 'pre')) {
        this.complain(`${does} sent ${action} behind ${actions[at - 1]}`);
      }
    }
  }

  /** What receivers set before is told after; whether it is stored as well has been compared. */
  #judgeNotes(step: Call, told: readonly Told[]): void {
    if (fieldsOf(step)) return;
    const after = told.filter(({ signal, isNested, soft }) => {
      const stays = signal === 'postDelete' ? soft : signal.startsWith('post');
      return stays && !isNested;
    });
    for (const { signal, table, rows } of after) {
      for (const { instance, values } of rows) {
        const note = this.#notes.get(instance) ?? values.note;
        if (note === values.note) continue;
        this.complain(
          `${step.does}: ${signal} of ${table} tells note ${values.note}, and ${note} was set`,
        );
      }
    }
  }

  /** What a step calls; undefined where there is no row for it. */
  async #prepare(step: Call, before: State): Promise<(() => Promise<unknown>) | undefined> {
    const { sequelize } = this.#schema;
    const model = (name: string): Table => this.#schema.model(name);
    switch (step.does) {
      case 'create':
        return () => this.#create(step);
      case 'save': {
        const row = await this.#pick(step.table, step.row, before);
        if (!row) return undefined;
        await this.#since(step, row);
        const options = step.fields ? { fields: [...step.fields] } : {};
        if (step.by === 'update') return () => row.update({ n: step.n }, options as never);
        return () => row.set({ n: step.n }).save(options);
      }
      case 'destroy': {
        const row = await this.#pick(step.table, step.row, before);
        if (row) await this.#since(step, row);
        return row && (() => row.destroy({ force: step.force }));
      }
      case 'restore':
        return () => model('Draft').restore({ where: whereOf(step.rows, 'Draft') as never });
      case 'increment': {
        const way = step.minus ? 'decrement' : 'increment';
        const { by, rows, table } = step;
        if (step.row !== undefined) {
          const row = await this.#pick(table, step.row, before);
          return row && (() => row[way]('n' as never, { by }) as Promise<unknown>);
        }
        const where = whereOf(rows, table) as never;
        const scoped = step.scoped ? model(table).scope('few') : model(table);
        return () => scoped[way]('n' as never, { by, where }) as Promise<unknown>;
      }
      case 'bulkCreate':
        return () => {
          const { individual, validate, hooks, conflict, table } = step;
          return model(table).bulkCreate(
            step.keys.map((key) => valuesFor(table, key, step.n)) as never,
            {
              ...{ individualHooks: individual, validate, hooks },
              ...(conflict === 'ignore' && { ignoreDuplicates: true }),
              ...(conflict === 'update' && { updateOnDuplicate: ['n'] as never }),
            },
          );
        };
      case 'bulkUpdate': {
        const { individual, hooks, limit, fields, returning, table } = step;
        const scoped = step.scoped ? model(table).scope('few') : model(table);
        const where = whereOf(step.rows, table) as never;
        return () =>
          scoped.update({ n: step.n } as never, {
            ...{ where, hooks, individualHooks: individual, returning },
            ...(fields && { fields: [...fields] as never }),
            ...(limit > 0 && { limit }),
          });
      }
      case 'bulkDestroy': {
        const { individual, hooks, limit, force, truncate, table } = step;
        const scoped = step.scoped ? model(table).scope('few') : model(table);
        return () =>
          scoped.destroy({
            ...{ hooks, force, individualHooks: individual },
            ...(truncate ? { truncate } : { where: whereOf(step.rows, table) as never }),
            ...(limit > 0 && { limit }),
          });
      }
      case 'upsert':
        return () => model(step.table).upsert(valuesFor(step.table, step.key, step.n) as never);
      case 'updateOrCreate':
        return () =>
          updateOrCreate(model(step.table), {
            where: { key: `k${step.key}` } as never,
            defaults: { n: step.n } as never,
          });
      case 'findOrCreate':
        return () =>
          model(step.table).findOrCreate({
            where: { key: `k${step.key}` } as never,
            defaults: { n: step.n } as never,
          });
      case 'links': {
        const row = await this.#pick(step.from, step.row, before);
        const others = await this.#pickAll(step.to, step.others, before);
        return row && (() => this.#changeLinks(step, row, others));
      }
      case 'parts': {
        const row = await this.#pick('Item', step.row, before);
        const others = await this.#pickAll('Part', step.others, before);
        const options = { individualHooks: step.individual };
        const { how } = step;
        if (!row) return undefined;
        if (how === 'create') return () => methodOf(row, 'createPart')({ n: 1 });
        return () => methodOf(row, `${how}Parts`)(others, options);
      }
      default:
        throw new Error(`Who knows ${JSON.stringify(step)} on ${sequelize.getDialect()}?`);
    }
  }

  #create(step: Extract<Call, { does: 'create' }>): Promise<unknown> {
    const { table, key, n, include, hooks, ignore } = step;
    const values = valuesFor(table, key, n);
    const model = this.#schema.model(table);
    const ignoreDuplicates = ignore && { ignoreDuplicates: true };
    if (include === 'nothing') return model.create(values as never, { hooks, ...ignoreDuplicates });
    const inside = include === 'Parts' ? [{ n: 1 }, { n: 2 }] : [{ key: `t${key}`, n: 1 }];
    const options = { hooks, include: [model.associations[include]] };
    return model.create({ ...values, [include]: inside } as never, options as never);
  }

  #changeLinks(
    step: Extract<Call, { does: 'links' }>,
    row: Row,
    others: readonly Row[],
  ): Promise<unknown> {
    const { how, to } = step;
    if (how === 'clear') return methodOf(row, `set${to}s`)(null);
    if (how !== 'create') return methodOf(row, `${how}${to}s`)(others);
    return methodOf(row, `create${to}`)({ key: `l${step.others.length}`, n: 1 });
  }

  /** One of the rows that are there, fetched as an application would. */
  async #pick(table: string, row: number, before: State): Promise<Row | undefined> {
    const rows = [...(before.get(table)?.values() ?? [])];
    const values = rows[row % Math.max(rows.length, 1)];
    if (values === undefined) return undefined;
    const where = Object.fromEntries(factsOf(table).identity.map((name) => [name, values[name]]));
    const found = await this.#schema.model(table).findOne({ where, paranoid: false } as never);
    return found ?? undefined;
  }

  /** Has somebody else do something to the row of an instance that is loaded. */
  async #since({ table, since }: { table: string; since: Since }, row: Row): Promise<void> {
    if (since === 'nothing') return;
    const queries = this.#schema.sequelize.getQueryInterface();
    const model = this.#schema.model(table);
    const entries = factsOf(table).identity.map((name) => [
      model.getAttributes()[name]?.field ?? name,
      row.get(name),
    ]);
    const where = Object.fromEntries(entries);
    if (since === 'gone') await queries.bulkDelete(model.getTableName(), where);
    else {
      const values = { note: 'by others', ...(table === 'Page' && { version: 99 }) };
      await queries.bulkUpdate(model.getTableName(), values, where);
    }
  }

  async #pickAll(table: string, rows: readonly number[], before: State): Promise<Row[]> {
    const picked: Row[] = [];
    for (const row of rows) {
      const found = await this.#pick(table, row, before);
      if (found) picked.push(found);
    }
    return picked;
  }

  #connect({ table, signal, does, at }: ReceiverPlan): () => void {
    let calls = 0;
    const receiver = async (event: object): Promise<void> => {
      if (this.#isBusy) return;
      calls += 1;
      if (does.startsWith('sets')) return this.#setNotes(does, event, calls);
      if (does !== 'fails' && at > 1 && calls % at !== 0) return;
      if (does === 'fails' && calls !== at) return;
      this.#isBusy = true;
      try {
        await this.#doInReceiver(does, event);
      } finally {
        this.#isBusy = false;
      }
    };
    return signalNamed(signal).connect(receiver, { sender: this.#schema.model(table) });
  }

  async #doInReceiver(does: ReceiverPlan['does'], event: object): Promise<void> {
    const { sender, instance } = event as { sender: Table; instance?: Row };
    switch (does) {
      case 'fails':
        throw new Thrown('a receiver');
      case 'creates a part':
        if (sender.name !== 'Part') await this.#schema.model('Part').create({ n: 7 } as never);
        return;
      case 'updates pages':
        if (sender.name === 'Page') return;
        await this.#schema
          .model('Page')
          .update({ n: 3 } as never, { where: {}, individualHooks: true });
        return;
      case 'destroys memos':
        if (sender.name === 'Memo') return;
        await this.#schema
          .model('Memo')
          .destroy({ where: { n: 2 } as never, individualHooks: true });
        return;
      case 'saves the instance':
        if (sender.name !== 'Memo') await instance?.update({ n: 2, note: 'again' } as never);
    }
  }

  /** Has rows, or the values for rows, get notes. */
  #setNotes(does: ReceiverPlan['does'], event: object, calls: number): void {
    const { sender, signal, instance, instances, values } = event as {
      readonly sender: Table;
      readonly signal: { readonly name: string };
      readonly instance?: Row;
      readonly instances?: readonly Row[];
      readonly values?: Record<string, unknown>;
    };
    if (!('note' in sender.getAttributes())) return;
    if (values) values.note = 'set';
    for (const [at, row] of (instances ?? (instance ? [instance] : [])).entries()) {
      if (does === 'sets something in some' && (calls + at) % 2 === 0) continue;
      const note = does === 'sets the same in all' ? 'set' : `${signal.name} ${calls}/${at}`;
      row.set('note' as never, note as never);
      this.#notes.set(row, note);
    }
  }

  #count(does: string, outcome: string): void {
    const name = `${does}: ${outcome}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

function methodOf(row: Model, name: string): Method {
  return (row as unknown as Record<string, Method>)[name]?.bind(row) as Method;
}

function valuesFor(table: TableName, key: number, n: number): object {
  return table === 'Pair' ? { one: key % 3, two: key, n } : { key: `k${key}`, n };
}

function whereOf(rows: Rows, table: string): object {
  if (rows.by === 'all') return {};
  if (rows.by === 'n') return { n: rows.n };
  return table === 'Pair' ? { two: [...rows.keys] } : { key: rows.keys.map((key) => `k${key}`) };
}

/** The fields that a call names, and no others are written. */
function fieldsOf(step: Call): readonly string[] | null {
  if (step.does === 'updateOrCreate') return ['n'];
  return 'fields' in step ? step.fields : null;
}

function knownOf(step: Call): Known {
  const fields = fieldsOf(step);
  return {
    isStale: 'since' in step && step.since === 'changed',
    isGone: 'since' in step && step.since === 'gone',
    named: fields && 'table' in step ? { table: step.table, fields } : undefined,
    updates: ['n', 'note'],
    silent: [
      ...(step.does === 'restore' ? (['restored'] as const) : []),
      ...(step.does === 'create' && step.include === 'Tags' ? (['links'] as const) : []),
    ],
  };
}

/** Whether a call is undone as one when it fails. */
function isBlock(step: Call): boolean {
  if (step.does === 'bulkUpdate') return step.individual;
  return ['destroy', 'bulkDestroy', 'links', 'findOrCreate', 'updateOrCreate'].includes(step.does);
}

/** Whether it may come to nothing after its first signal, as its row is gone, another one, or there. */
function mayWriteNothing(step: Call): boolean {
  return ('since' in step && step.since !== 'nothing') || ('ignore' in step && step.ignore);
}

/** Whether Sequelize does several things side by side, and goes on with some when one has failed. */
function isStartedTogether(step: Call): boolean {
  if (step.does === 'create') return step.include !== 'nothing';
  if ('individual' in step && 'hooks' in step) return step.individual && !step.hooks;
  return step.does === 'parts';
}

function nameOf(error: unknown): string {
  if (error instanceof Thrown) return error.message;
  const { code, name } = error as { readonly code?: string; readonly name: string };
  return code?.startsWith('SIGNALS') ? code : name;
}
