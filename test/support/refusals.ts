import type { Dialect } from 'sequelize';

/**
 * A statement that the server refuses with the error that stands for `code`. It is the server's own
 * error; only what the server would do at it, such as a rollback, is not done.
 */
export function refusal(dialect: Dialect, code: string | number): string {
  return dialect === 'postgres'
    ? `DO $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '${code}'; END $$`
    : `SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = ${code}, MESSAGE_TEXT = 'refused'`;
}

/** The code of a deadlock, where there are any. */
export const DEADLOCK: Partial<Record<Dialect, string | number>> = {
  postgres: '40P01',
  mysql: 1213,
  mariadb: 1213,
};
