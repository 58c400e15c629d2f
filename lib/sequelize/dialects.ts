import type { Sequelize } from 'sequelize';

/** What the library has to know of a database that Sequelize speaks to. */
export interface Dialect {
  /** Whether a transaction begins with a statement, and not with a call of the driver. */
  readonly beginsByStatement: boolean;
  /** Whether the server takes several statements of a transaction in one string. */
  readonly takesSeveralStatements: boolean;
  /** Whether there is a statement that forgets a savepoint. Without it, they end with the transaction. */
  readonly releasesSavepoints: boolean;
  /** Whether Sequelize rolls a transaction back by itself, and gives its connection away, after a deadlock. */
  readonly isRolledBackBySequelize: boolean;
  /** Whether it writes comments and quotes as MySQL does, which a backslash may escape. */
  readonly hasMysqlSyntax: boolean;
  /** Whether a statement that failed undoes itself and nothing else. */
  readonly forgivesFailures: boolean;
  /** Whether connections come from a pool. Without one, a database in memory has one for everything. */
  readonly hasPool: boolean;
  /** Whether one transaction that writes, or has begun to, keeps all others waiting. */
  readonly hasOneWriter: boolean;
  /** How to find out whether a transaction has ended, when an error leaves that in doubt. */
  readonly findsEnd: 'by setting' | 'by beginning' | 'never';
  /** Whether a read with a lock finds rows that are newer than the snapshot of its transaction. */
  readonly locksSeeLatest: boolean;
  /** Whether a read with a lock that finds no row locks the gap where it would be, also for others who do so. */
  readonly locksGaps: boolean;
  /** How constraints that are put off until the COMMIT can be checked before. */
  readonly checksDeferredConstraints: 'by statement' | 'by search' | 'never';
  /** Whether the driver hands out integers of 64 bits as text. */
  readonly hasBigintsAsText: boolean;
  /** Whether the server turns UUIDs into lower case. */
  readonly hasUuidsInLowerCase: boolean;
  /** Whether an INSERT returns the rows that it wrote, and not the last key that was generated alone. */
  readonly returnsRows: boolean;
  /** Whether an INSERT may leave out the rows that are there already, and returns the others. */
  readonly skipsDuplicates: boolean;
  /** Whether an UPDATE has a limit: on others Sequelize leaves it out. */
  readonly limitsUpdates: boolean;
  /** Whether an UPDATE counts rows that had their values before. */
  readonly countsUnchanged: boolean;
  readonly errors: DialectErrors;
}

/** What the codes mean that the driver gives to the errors of the server. */
export interface DialectErrors {
  /** The transaction lost against another one, and may be tried again. */
  readonly lost: readonly string[];
  /**
   * The server has rolled back the whole transaction together with the statement: what the session
   * sends next is stored at once, each statement by itself.
   */
  readonly ended: readonly string[];
  /** It may have done so: the error does not tell. */
  readonly doubtful: readonly string[];
  /** The statement was refused before it did anything, and may be sent again. */
  readonly refused: readonly string[];
  /** A savepoint is named that the server does not know. */
  readonly forgotten: readonly string[];
  /** A statement was refused because of an earlier one, whose error was caught. */
  readonly aborted: readonly string[];
}

const NO_ERRORS: DialectErrors = {
  lost: [],
  ended: [],
  doubtful: [],
  refused: [],
  forgotten: [],
  aborted: [],
};

/** What is taken for granted of a dialect that is not in the table. */
const COMMON: Dialect = {
  beginsByStatement: false,
  takesSeveralStatements: false,
  releasesSavepoints: true,
  isRolledBackBySequelize: false,
  hasMysqlSyntax: false,
  forgivesFailures: false,
  hasPool: true,
  hasOneWriter: false,
  findsEnd: 'never',
  locksSeeLatest: false,
  locksGaps: false,
  checksDeferredConstraints: 'never',
  hasBigintsAsText: false,
  hasUuidsInLowerCase: false,
  returnsRows: false,
  skipsDuplicates: false,
  limitsUpdates: false,
  countsUnchanged: true,
  errors: NO_ERRORS,
};

const MYSQL: Dialect = {
  ...COMMON,
  beginsByStatement: true,
  isRolledBackBySequelize: true,
  hasMysqlSyntax: true,
  forgivesFailures: true,
  findsEnd: 'by setting',
  locksSeeLatest: true,
  locksGaps: true,
  limitsUpdates: true,
  countsUnchanged: false,
  errors: {
    ...NO_ERRORS,
    lost: [
      'ER_LOCK_DEADLOCK',
      'ER_CHECKREAD', // MariaDB: the row changed since the snapshot
      'ER_TRANSACTION_ROLLBACK_DURING_COMMIT', // MySQL: lost against another server of its group
      'ER_MYSQL_3101', // the same, by the driver mariadb
    ],
    ended: [
      'ER_LOCK_DEADLOCK',
      'ER_CHECKREAD',
      'ER_TRANSACTION_ROLLBACK_DURING_COMMIT',
      'ER_MYSQL_3101',
      'ER_LOCK_TABLE_FULL',
      'ER_CONNECTION_KILLED',
      'ER_SERVER_SHUTDOWN',
    ],
    doubtful: ['ER_LOCK_WAIT_TIMEOUT'],
    forgotten: ['ER_SP_DOES_NOT_EXIST'],
  },
};

/** All that differs between databases, by Sequelize's names for them. */
const DIALECTS: Readonly<Record<string, Dialect>> = {
  postgres: {
    ...COMMON,
    beginsByStatement: true,
    takesSeveralStatements: true,
    returnsRows: true,
    skipsDuplicates: true,
    checksDeferredConstraints: 'by statement',
    hasBigintsAsText: true,
    hasUuidsInLowerCase: true,
    errors: {
      ...NO_ERRORS,
      lost: [
        '40001', // serialization failure
        '40P01', // deadlock
      ],
      // All others end the transaction up to the last savepoint; these end the session.
      ended: [
        '08000', // connection exceptions
        '08003',
        '08006',
        '25P03', // idle in the transaction for too long
        '25P04', // the transaction took too long
        '57P01', // terminated by an administrator, or a shutdown
        '57P02', // crash
        '57P04', // the database was dropped
        '57P05', // idle for too long
      ],
      aborted: ['25P02'],
    },
  },
  mysql: MYSQL,
  mariadb: MYSQL,
  sqlite: {
    ...COMMON,
    beginsByStatement: true,
    forgivesFailures: true,
    hasPool: false,
    hasOneWriter: true,
    findsEnd: 'by beginning',
    checksDeferredConstraints: 'by search',
    limitsUpdates: true,
    errors: {
      ...NO_ERRORS,
      lost: ['SQLITE_BUSY'],
      refused: ['SQLITE_BUSY'],
      ended: ['SQLITE_IOERR', 'SQLITE_NOMEM'],
      doubtful: [
        'SQLITE_FULL', // ends it where a part of the statement cannot be undone
        'SQLITE_INTERRUPT', // ends it at a write
        'SQLITE_ABORT',
        'SQLITE_CONSTRAINT', // ends it by OR ROLLBACK, and by RAISE(ROLLBACK) in a trigger
      ],
    },
  },
  mssql: { ...COMMON, releasesSavepoints: false, limitsUpdates: true, returnsRows: true },
  oracle: { ...COMMON, releasesSavepoints: false, limitsUpdates: true },
  snowflake: { ...COMMON, isRolledBackBySequelize: true, limitsUpdates: true },
};

/** What is to be known of the database of `sequelize`. */
export function dialectOf(sequelize: Sequelize): Dialect {
  return DIALECTS[sequelize.getDialect()] ?? COMMON;
}

/** The codes of errors of one kind, of all dialects: none of them is used by two. */
export function errorCodes(kind: keyof DialectErrors): ReadonlySet<unknown> {
  return new Set(Object.values(DIALECTS).flatMap(({ errors }) => errors[kind]));
}
