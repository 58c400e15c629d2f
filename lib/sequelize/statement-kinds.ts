import type { Sequelize } from 'sequelize';
import type { Dialect } from './dialects.js';

/** A statement, as `sequelize.query` takes it. */
export type Sql = Parameters<Sequelize['query']>[0];

/** The text of one or several statements in the language of a dialect. */
export interface Text {
  readonly sql: Sql;
  readonly dialect: Pick<Dialect, 'hasMysqlSyntax'>;
}

/**
 * Whether a text does what a rollback to a savepoint would undo: writes, or takes locks. What is
 * not known to read does. What statements are is in their text: `INSERT … RETURNING` is sent as a
 * SELECT.
 */
export function writes(text: Text): boolean {
  return !statementsOf(text).every(reads);
}

/** Whether a text would end the transaction that it is sent in, or begin one, past the library. */
export function controlsTransaction(text: Text): boolean {
  const sql = textOf(text.sql);
  // Each query comes by here: mostly it is enough to look at how it begins.
  if (!MAY_CONTROL.test(sql) && !mayControlLater(sql)) return false;
  for (const statement of statementsOf(text)) {
    if (CONTROLS.test(statement)) return true;
    // Now comes the body of a trigger or a procedure, which is not run here.
    if (/\bbegin\b/i.test(statement)) return false;
  }
  return false;
}

/** Whether a text may commit the transaction that it is sent in, as DDL does on some servers. */
export function mayCommit(text: Text): boolean {
  if (!text.dialect.hasMysqlSyntax || !MAY_COMMIT.test(textOf(text.sql))) return false;
  return statementsOf(text).some((statement) => COMMITS_IN_MYSQL.test(statement));
}

/** Whether a text may set or end savepoints past the library. */
export function mayMoveSavepoints(sql: Sql): boolean {
  return MAY_MOVE_SAVEPOINTS.test(textOf(sql));
}

const MAY_MOVE_SAVEPOINTS = /\b(?:savepoint|release|rollback)\b/i;

function textOf(sql: Sql): string {
  return typeof sql === 'string' ? sql : sql.query;
}

/** What keywords may stand in and mean nothing: comments, texts and quoted names. */
const OPAQUE =
  /\be'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|\$([a-z_]\w*)?\$.*?\$\1\$|--[^\n]*|\/\*.*?\*\//gis;
/** MySQL runs what is in comments that begin with an exclamation mark. */
const OPAQUE_IN_MYSQL =
  /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`|--[^\n]*|#[^\n]*|\/\*(?!M?!).*?\*\/|\/\*M?!\d*|\*\//gis;

/** The statements of a text, each from its first keyword on. */
function statementsOf({ sql, dialect }: Text): string[] {
  const visible = textOf(sql).replace(dialect.hasMysqlSyntax ? OPAQUE_IN_MYSQL : OPAQUE, ' ');
  return visible
    .split(';')
    .map((statement) => statement.replace(/^[\s(]+/, ''))
    .filter((statement) => statement !== '');
}

const SHOWS = /^show\b|^pragma\b(?!.*=)/is;
const SELECTS = /^(?:select|values|table)\b/i;
const WITH = /^with\b/i;
const WRITES_WITHIN = /\b(?:insert|update|delete|merge)\b(?!\s*\()/i;
/** `SELECT … INTO` makes a table; locks are given back with the savepoint after which they were taken. */
const STORES_OR_LOCKS =
  /\binto\b|\bfor\s+(?:no\s+key\s+|key\s+)?(?:update|share)\b|\block\s+in\s+share\s+mode\b/i;
/** How a plan is asked for; with ANALYZE the statement is run. */
const EXPLAINS =
  /^(?:explain|describe|desc|analyze)\b(?:\s*\([^)]*\)|\s+(?:analy[sz]e|verbose|extended|partitions|format\s*=\s*\w+)\b)*\s*/i;

function reads(statement: string): boolean {
  const [explains] = EXPLAINS.exec(statement) ?? [];
  if (explains !== undefined) {
    const explained = statement.slice(explains.length).replace(/^\(+/, '');
    return (
      !/analy[sz]e/i.test(explains) || (/^(?:select|with)\b/i.test(explained) && reads(explained))
    );
  }
  if (SHOWS.test(statement)) return true;
  if (WITH.test(statement))
    return !WRITES_WITHIN.test(statement) && !STORES_OR_LOCKS.test(statement);
  return SELECTS.test(statement) && !STORES_OR_LOCKS.test(statement);
}

/** What MySQL commits before, and CALL, which may run any of it. */
const COMMITTING =
  'alter|analyze|cache|call|check|create|drop|flush|grant|install|lock|optimize|rename|repair|revoke|truncate|uninstall|unlock';
const MAY_COMMIT = new RegExp(`\\b(?:${COMMITTING})\\b`, 'i');
const COMMITS_IN_MYSQL = new RegExp(`^(?:${COMMITTING})\\b`, 'i');

function mayControlLater(sql: string): boolean {
  const end = sql.indexOf(';');
  return end >= 0 && end < sql.length - 1 && MAY_CONTROL_LATER.test(sql);
}

const MAY_CONTROL = /^[\s(]*(?:--|#|\/\*|commit|rollback|begin|start|end|abort|prepare|set)/i;
const MAY_CONTROL_LATER = /;[\s(]*(?:--|#|\/\*|commit|rollback|begin|start|end|abort|prepare|set)/i;
/** `ROLLBACK TO` a savepoint is none of them, nor is the BEGIN of a block of statements. */
const CONTROLS =
  /^(?:commit|abort|start\s+transaction|prepare\s+transaction|rollback(?!\s+(?:(?:work|transaction|tran)\s+)?to\b))\b|^begin(?:\s+(?:work|tran|transaction|deferred|immediate|exclusive|isolation|read|deferrable|not\s+deferrable)\b.*)?\s*$|^end(?:\s+(?:work|transaction)\b.*)?\s*$|^set\s+(?:session\s+|local\s+|@@(?:session\.)?)?autocommit\b/is;
