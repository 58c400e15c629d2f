import type { Sequelize } from 'sequelize';

/** A statement, as `sequelize.query` takes it. */
export type Sql = Parameters<Sequelize['query']>[0];

/** Statements that only read. What they are is in their text: `INSERT … RETURNING` is sent as a SELECT. */
const READS = /^\s*(select|show|explain|describe|desc|values|pragma)\b/i;
const WITH = /^\s*with\b/i;
const WRITES = /\b(insert|update|delete|merge)\b/i;

/** Whether a statement writes. */
export function writes(sql: Sql): boolean {
  const text = typeof sql === 'string' ? sql : sql.query;
  return WITH.test(text) ? WRITES.test(text) : !READS.test(text);
}
