import {
  type CreationAttributes,
  type Model,
  type ModelStatic,
  UniqueConstraintError,
} from 'sequelize';
import {
  atomic,
  type Connection,
  DurableTransactionError,
  onCommit,
  RolledBackError,
  TransactionManagementError,
  transaction,
} from 'sequelize-signals';

/** A program about transactions: a list of statements on one table of unique integers. */
export type TransactionProgram = readonly Statement[];

type Statement =
  | readonly ['insert', value: number]
  | readonly ['dup']
  | readonly ['count']
  | readonly ['raise', id: number]
  | readonly ['setRollback', value: boolean]
  | readonly ['getRollback']
  | readonly ['try', TransactionProgram]
  | readonly ['atomic', { savepoint?: boolean; durable?: boolean }, TransactionProgram]
  | readonly ['onCommit', { id: number; robust?: boolean; body?: TransactionProgram }];

/** What a program did: its log, the rows it left behind, and the kind of error that ended it. */
export interface TransactionTrace {
  readonly log: (readonly (string | number | boolean)[])[];
  readonly rows: number[];
  readonly error: string | null;
}

/** A row of the table. */
export interface Row extends Model {
  v: number;
}

/** The functions that a program is about, in whichever form the caller wants to see them run. */
export interface TransactionFunctions {
  readonly atomic: Connection['atomic'];
  readonly onCommit: Connection['onCommit'];
  setRollback(value: boolean): void;
  getRollback(): boolean;
}

/** The functions of the module, for the connection with the alias "default". */
export const MODULE: TransactionFunctions = {
  atomic,
  onCommit,
  setRollback: transaction.setRollback,
  getRollback: transaction.getRollback,
};

/** PostgreSQL ends a transaction at its first error, whatever `setRollback(false)` asks for. */
export function mayRunOn(dialect: string, program: TransactionProgram): boolean {
  return dialect !== 'postgres' || !JSON.stringify(program).includes('["setRollback",false]');
}

/** Runs a program on a table that holds nothing but row 0. */
export async function runTransactionProgram(
  program: TransactionProgram,
  rows: ModelStatic<Row>,
  functions: TransactionFunctions,
): Promise<TransactionTrace> {
  const log: TransactionTrace['log'] = [];
  let error: string | null = null;
  try {
    await run(program);
  } catch (thrown) {
    error = kindOf(thrown);
  }
  const left = await rows.findAll({ order: ['v'] });
  return { log, rows: left.map(({ v }) => v), error };

  async function run(statements: TransactionProgram): Promise<void> {
    for (const statement of statements) await execute(statement);
  }

  async function execute(statement: Statement): Promise<void> {
    switch (statement[0]) {
      case 'insert':
        await insert(statement[1]);
        log.push(['insert', statement[1]]);
        return;
      case 'dup':
        return await insert(0);
      case 'count':
        log.push(['count', await rows.count()]);
        return;
      case 'raise':
        throw new ApplicationError(statement[1]);
      case 'setRollback':
        return functions.setRollback(statement[1]);
      case 'getRollback':
        log.push(['rollback?', functions.getRollback()]);
        return;
      case 'try':
        return await run(statement[1]).catch((thrown) => {
          log.push(['caught', kindOf(thrown)]);
        });
      case 'atomic':
        return await functions.atomic(statement[1], () => run(statement[2]));
      case 'onCommit':
        return await register(statement[1]);
    }
  }

  async function insert(v: number): Promise<void> {
    await rows.create({ v } as CreationAttributes<Row>);
  }

  async function register(callback: Extract<Statement, readonly ['onCommit', unknown]>[1]) {
    const { id, robust = false, body = [] } = callback;
    const called = async (): Promise<void> => {
      log.push(['cb', id]);
      await run(body);
      log.push(['cb-end', id]);
    };
    await functions.onCommit(called, { robust });
  }
}

class ApplicationError extends Error {
  readonly id: number;

  constructor(id: number) {
    super(`application error ${id}`);
    this.id = id;
  }
}

/** The recordings' word for an error; one that they have no word for speaks for itself. */
function kindOf(thrown: unknown): string {
  if (thrown instanceof ApplicationError) return `app:${thrown.id}`;
  if (thrown instanceof UniqueConstraintError) return 'integrity';
  if (thrown instanceof RolledBackError) return 'rolledback';
  if (thrown instanceof DurableTransactionError) return 'durable';
  if (thrown instanceof TransactionManagementError) return 'tme';
  return String(thrown);
}
