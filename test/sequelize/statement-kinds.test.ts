import { expect } from 'chai';
import { controlsTransaction, writes } from '#lib/sequelize/statement-kinds';

const STANDARD = { hasMysqlSyntax: false };
const MYSQL = { hasMysqlSyntax: true };

describe('a statement', () => {
  describe('writes or takes locks, and so may be undone with a savepoint', () => {
    for (const sql of [
      'INSERT INTO t VALUES (1)',
      'SELECT 1; INSERT INTO t VALUES (1)',
      "SELECT 'a\\'; INSERT INTO t VALUES ('x')",
      'SELECT * FROM t FOR UPDATE',
      'SELECT * FROM t FOR NO KEY UPDATE SKIP LOCKED',
      'SELECT * FROM t FOR KEY SHARE OF t',
      'WITH x AS (SELECT 1) SELECT * FROM x FOR SHARE',
      'SELECT 1 AS one INTO TEMP t',
      'EXPLAIN ANALYZE INSERT INTO t VALUES (1)',
      'EXPLAIN (ANALYZE, BUFFERS) DELETE FROM t',
      'WITH x AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM x',
      'WITH x AS (SELECT 1) REPLACE INTO t SELECT * FROM x',
      'CALL f()',
      'COPY t FROM STDIN',
      'DO $$ BEGIN PERFORM f(); END $$',
      'ANALYZE t',
      'PRAGMA user_version = 3',
      'SET LOCAL x = 1',
    ]) {
      it(sql, () => {
        expect(writes({ sql, dialect: STANDARD })).to.equal(true);
      });
    }

    for (const sql of [
      'SELECT * FROM t LOCK IN SHARE MODE',
      'ANALYZE FORMAT=JSON UPDATE t SET a = 1',
      'ANALYZE TABLE t',
      '/*!50000 INSERT INTO t VALUES (1) */',
    ]) {
      it(`${sql}, on MySQL`, () => {
        expect(writes({ sql, dialect: MYSQL })).to.equal(true);
      });
    }
  });

  describe('only reads', () => {
    for (const sql of [
      'SELECT 1',
      '  (SELECT 1) UNION (SELECT 2);',
      '/* route: /orders; INSERT */ SELECT 1',
      '-- INSERT\nSELECT 1',
      "SELECT '; INSERT INTO t' AS text",
      "SELECT E'a\\'; INSERT INTO t'",
      'SELECT $tag$; INSERT INTO t $tag$',
      'SELECT "into", `into` FROM t',
      "SELECT data #> '{a}' FROM t",
      'WITH x AS (SELECT 1) SELECT * FROM x',
      'EXPLAIN INSERT INTO t VALUES (1)',
      'EXPLAIN ANALYZE VERBOSE SELECT 1',
      'EXPLAIN QUERY PLAN SELECT 1',
      'VALUES (1)',
      'TABLE t',
      'SHOW x',
      'PRAGMA table_info(t)',
      '',
    ]) {
      it(sql || 'nothing', () => {
        expect(writes({ sql, dialect: STANDARD })).to.equal(false);
      });
    }

    for (const sql of [
      "# it's a comment\nSELECT 1",
      "SELECT 'a\\'; INSERT INTO t'",
      'ANALYZE SELECT 1',
      'DESCRIBE t',
      "SELECT REPLACE(a, 'x', 'y') FROM t",
    ]) {
      it(`${sql}, on MySQL`, () => {
        expect(writes({ sql, dialect: MYSQL })).to.equal(false);
      });
    }
  });

  describe('ends a transaction or begins one', () => {
    for (const sql of [
      'COMMIT',
      ' commit;',
      '/* of the application */ ROLLBACK',
      'ROLLBACK WORK',
      'BEGIN',
      'BEGIN ISOLATION LEVEL SERIALIZABLE',
      'START TRANSACTION READ ONLY',
      'END',
      "PREPARE TRANSACTION 'x'",
      'INSERT INTO t VALUES (1); COMMIT',
      'SET autocommit = 1',
    ]) {
      it(sql, () => {
        expect(controlsTransaction({ sql, dialect: MYSQL })).to.equal(true);
      });
    }
  });

  describe('ends and begins none', () => {
    for (const sql of [
      'SELECT 1',
      'ROLLBACK TO SAVEPOINT a',
      'ROLLBACK WORK TO a',
      "INSERT INTO t VALUES ('; COMMIT')",
      'CREATE TRIGGER x AFTER INSERT ON t BEGIN UPDATE t SET a = 1; END;',
      'CREATE PROCEDURE p() BEGIN START TRANSACTION; COMMIT; END',
      'BEGIN NOT ATOMIC INSERT INTO t VALUES (1); END',
      "SET @x = 'autocommit'",
    ]) {
      it(sql, () => {
        expect(controlsTransaction({ sql, dialect: MYSQL })).to.equal(false);
      });
    }
  });
});
