/**
 * A log of the SQL that Sequelize sends.
 *
 * @example
 * ```ts
 * const statements = new Statements();
 * const sequelize = database.connect({ logging: statements.log });
 * …
 * expect(statements.verbs()).to.deep.equal(['BEGIN', 'INSERT', 'COMMIT']);
 * ```
 */
export class Statements {
  readonly #all: string[] = [];

  /** Give this to Sequelize as `logging`. */
  readonly log = (line: string): void => {
    this.#all.push(line.replace(/^Executing \([^)]*\): /, '').replace(/;$/, ''));
  };

  /** The statements as they were sent, in order. */
  get all(): readonly string[] {
    return this.#all;
  }

  /** One by one, also those that were sent together. */
  #each(): string[] {
    return this.#all.flatMap((sql) => sql.split(/;(?=RELEASE|SAVEPOINT|SET )/));
  }

  /** What each statement does, in words that are the same for every dialect. */
  verbs(): string[] {
    return this.#each().map(verbOf);
  }

  /** The names of the savepoints that were set, in order. */
  savepoints(): string[] {
    return this.#each().flatMap((sql) => /^SAVEPOINT [`"]?([^`"]+)/.exec(sql)?.[1] ?? []);
  }

  clear(): void {
    this.#all.length = 0;
  }
}

function verbOf(sql: string): string {
  if (/^(BEGIN|START TRANSACTION)\b/i.test(sql)) return 'BEGIN';
  if (/^ROLLBACK TO\b/i.test(sql)) return 'ROLLBACK TO';
  return /^\w+/.exec(sql)?.[0].toUpperCase() ?? sql;
}
