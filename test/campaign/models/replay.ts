import type { Sequelize } from 'sequelize';
import { matches } from './conditions.js';
import { factsOf, identityOf, LINKS, type State, type TableFacts, type Values } from './schema.js';
import type { Told, ToldRow } from './told.js';

/** What is known of a call, where signals do not tell. */
export interface Known {
  /** The fields that it named, and the table that they are of. */
  readonly named: { readonly table: string; readonly fields: readonly string[] } | undefined;
  /** Whether others changed the row since its instance was loaded. */
  readonly isStale: boolean;
  /** Whether it was gone: then it is told as deleted all the same, and as saved only if nothing was to be saved. */
  readonly isGone: boolean;
  /** The values that rows get which are there already. */
  readonly updates: readonly string[];
  /** Whether links may be made by an include, and rows restored, of which nobody tells. */
  readonly silent: readonly ('links' | 'restored')[];
}

/** A call for many rows, between its signals. */
interface Frame {
  readonly table: string;
  readonly isNested: boolean;
  rows: number;
  /** Whether another call for the same table went on beside it: nobody knows whose the rows are. */
  isShared: boolean;
}

/**
 * Makes of what was stored before a call, and of what signals told during it, what is to be stored
 * after it; and finds what they cannot have told.
 */
export class Replay {
  readonly complaints: string[] = [];
  readonly #state: Map<string, Map<string, Values>>;
  readonly #links: Map<string, Set<string>>;
  readonly #before: State;
  readonly #after: State;
  readonly #known: Known;
  readonly #countsUnchanged: boolean;
  readonly #frames = new Map<unknown, Frame>();
  readonly #touched = new Set<string>();

  constructor(before: State, after: State, known: Known, sequelize: Sequelize) {
    this.#before = before;
    this.#after = after;
    this.#known = known;
    this.#countsUnchanged = !['mysql', 'mariadb'].includes(sequelize.getDialect());
    this.#state = new Map(
      [...before].map(([table, rows]) => [
        table,
        new Map([...rows].map(([key, values]) => [key, { ...values }])),
      ]),
    );
    this.#links = new Map(
      LINKS.map(({ links }) => [links, new Set(before.get(links)?.keys() ?? [])]),
    );
  }

  add(told: Told): void {
    const { frame, signal, table, isNested } = told;
    if (signal.startsWith('preBulk'))
      this.#open(frame, { table, isNested, rows: 0, isShared: false });
    else if (signal === 'postSave') this.#saved(told);
    else if (signal === 'postDelete') this.#deleted(told);
    else if (signal === 'postBulkCreate') this.#created(told);
    else if (signal === 'postBulkUpdate') this.#updated(told);
    else if (signal === 'postBulkDelete') this.#bulkDeleted(told);
    else if (signal === 'm2mChanged') this.#linked(told);
  }

  /** What is stored, and was not told; or told, and is not stored. */
  compare(): void {
    for (const [table, rows] of this.#after) {
      const expected = this.#state.get(table) ?? new Map<string, Values>();
      if (table === 'ItemTag') continue;
      for (const [key, values] of rows) {
        const told = expected.get(key);
        if (!told) this.#complain(`${table} ${key} is stored, and nobody told: ${text(values)}`);
        else this.#compareRow(`${table} ${key}`, told, values);
      }
      for (const [key, values] of expected) {
        if (!rows.has(key))
          this.#complain(`${table} ${key} is told, and not stored: ${text(values)}`);
      }
    }
    for (const { links } of LINKS) this.#compareLinks(links);
  }

  #compareRow(row: string, told: Values, stored: Values): void {
    const different = Object.keys(stored).filter((name) => (told[name] ?? null) !== stored[name]);
    for (const name of different) {
      if (name === 'deletedAt' && this.#known.silent.includes('restored')) continue;
      this.#complain(`${row} has ${name} ${stored[name]}, and ${told[name] ?? null} is told`);
    }
  }

  #compareLinks(links: string): void {
    const stored = new Set(this.#after.get(links)?.keys() ?? []);
    const told = this.#links.get(links) ?? new Set();
    for (const link of stored) {
      if (told.has(link) || this.#known.silent.includes('links')) continue;
      this.#complain(`${links} ${link} is linked, and nobody told`);
    }
    for (const link of told) {
      if (!stored.has(link)) this.#complain(`${links} ${link} is told as linked, and is not`);
    }
  }

  #saved(told: Told): void {
    const [row] = told.rows;
    if (row === undefined) return;
    this.#countInFrames(told);
    const facts = factsOf(told.table);
    const key = this.#identify(facts, row.values);
    const known = this.#rowsOf(told.table).get(key);
    const name = `${told.table} ${key}`;
    if (told.created) {
      if (known) this.#complain(`${name} is told as created, and was there`);
      this.#insert(facts, key, row.values);
      return;
    }
    if (!known) {
      if (row.changed.length > 0) this.#complain(`${name} is told as saved, and was not there`);
      return;
    }

    const { named } = this.#known;
    const isNamed = !told.isNested && named?.table === told.table;
    const isStale = this.#known.isStale && !told.isNested;
    if (!isNamed && !isStale && !told.isNested && !this.#touched.has(name))
      this.#checkChanged(name, row, known);
    this.#touched.add(name);
    const isWritten = (column: string): boolean => {
      if (column === 'version') return !isStale || row.changed.length > 0;
      // What is named is written as it is, also over what others have written.
      return isNamed && named
        ? row.changed.length > 0 && named.fields.includes(column)
        : row.changed.includes(column);
    };
    for (const [column, value] of Object.entries(row.values)) {
      if (isWritten(column)) known[column] = value;
    }
  }

  #checkChanged(name: string, row: ToldRow, known: Values): void {
    if (row.values.n === undefined) return;
    const isChanged = known.n !== row.values.n;
    const saysChanged = row.changed.includes('n');
    if (saysChanged !== isChanged) {
      this.#complain(`${name} tells changed('n') ${saysChanged}: ${known.n} to ${row.values.n}`);
    }
    if (row.wasN !== known.n) this.#complain(`${name} tells previous('n') ${row.wasN}: ${known.n}`);
  }

  #open(key: unknown, frame: Frame): void {
    for (const other of this.#frames.values()) {
      if (other.table !== frame.table || other.isNested !== frame.isNested) continue;
      other.isShared = true;
      frame.isShared = true;
    }
    this.#frames.set(key, frame);
  }

  /** Counts a row for the calls for many that it may be of. */
  #countInFrames({ table, isNested }: Told): void {
    for (const frame of this.#frames.values()) {
      if (frame.table === table && frame.isNested === isNested) frame.rows += 1;
    }
  }

  #deleted(told: Told): void {
    const [row] = told.rows;
    if (row === undefined) return;
    this.#countInFrames(told);
    const facts = factsOf(told.table);
    const key = this.#identify(facts, row.values);
    const known = this.#rowsOf(told.table).get(key);
    if (!known) {
      const isKnown = this.#known.isGone && !told.isNested;
      if (!isKnown) this.#complain(`${told.table} ${key} is told as deleted, and was not there`);
      return;
    }
    if (told.soft) {
      if (!this.#known.isStale || told.isNested) Object.assign(known, row.values);
      if (row.values.deletedAt !== '1')
        this.#complain(`${told.table} ${key} does not show its mark`);
      known.deletedAt = '1';
    } else this.#remove(told.table, key);
  }

  #created(told: Told): void {
    const frame = this.#frames.get(told.frame);
    this.#frames.delete(told.frame);
    if (frame && frame.rows > 0) {
      if (frame.rows !== told.rows.length) {
        this.#complain(
          `${told.table}: ${told.rows.length} rows in bulk, and ${frame.rows} one by one`,
        );
      }
      return;
    }
    const facts = factsOf(told.table);
    for (const row of told.rows) this.#insertUnlessThere(facts, row, told.onConflict ?? 'fail');
  }

  #insertUnlessThere(facts: TableFacts, { values }: ToldRow, onConflict: string): void {
    const rows = this.#rowsOf(facts.table);
    const key = this.#identify(facts, values);
    const same = [...rows].find(
      ([known, row]) =>
        known === key || (facts.unique !== undefined && row[facts.unique] === values[facts.unique]),
    );
    if (!same) {
      this.#insert(facts, key, values);
      return;
    }
    if (onConflict === 'fail') {
      this.#complain(`${facts.table} ${key} is told as created, and was there as ${same[0]}`);
    }
    const told = identityOf(facts, values);
    if (onConflict === 'update' && told !== same[0] && !told.includes('undefined')) {
      this.#complain(`${facts.table} ${same[0]} is told with the key ${told}`);
    }
    if (onConflict !== 'update') return;
    for (const name of this.#known.updates) {
      if (values[name] !== undefined) same[1][name] = values[name];
    }
  }

  #updated(told: Told): void {
    const frame = this.#frames.get(told.frame);
    this.#frames.delete(told.frame);
    if (frame && frame.rows > 0) {
      const isSure = this.#countsUnchanged && told.count !== 0 && !frame.isShared;
      if (isSure && told.count !== frame.rows) {
        this.#complain(`${told.table}: ${told.count} updated, and ${frame.rows} one by one`);
      }
      return;
    }
    const rows = [...this.#rowsOf(told.table).values()].filter((row) => matches(row, told.where));
    if (told.count !== undefined && this.#countsUnchanged && told.count !== rows.length) {
      const isLeft = told.count === 0;
      if (!isLeft) this.#complain(`${told.table}: ${told.count} updated, and ${rows.length} match`);
    }
    for (const row of rows) {
      for (const [name, value] of Object.entries(told.values ?? {})) row[name] = value;
      for (const [name, amount] of Object.entries(told.increments ?? {})) {
        if (row[name] != null) row[name] = String(Number(row[name]) + amount);
      }
      if (told.increments && 'version' in row) row.version = String(Number(row.version) + 1);
    }
  }

  #bulkDeleted(told: Told): void {
    const frame = this.#frames.get(told.frame);
    this.#frames.delete(told.frame);
    if (frame && frame.rows > 0) {
      if (told.count !== frame.rows) {
        this.#complain(`${told.table}: ${told.count} deleted, and ${frame.rows} one by one`);
      }
      return;
    }
    const matching = [...this.#rowsOf(told.table)].filter(
      ([, row]) => matches(row, told.where) && !(told.soft && row.deletedAt === '1'),
    );
    if (told.count !== undefined && told.count !== matching.length) {
      this.#complain(`${told.table}: ${told.count} deleted, and ${matching.length} match`);
    }
    for (const [key, row] of matching) {
      if (told.soft) row.deletedAt = '1';
      else this.#remove(told.table, key);
    }
  }

  #linked({ table, action, pkSet, linksBy = '' }: Told): void {
    const links = this.#links.get(table) ?? new Set();
    const [side, key] = linksBy.split(' ');
    const linkTo = (other: string) => (side === 'one' ? `${key}/${other}` : `${other}/${key}`);
    if (action === 'post_add') {
      for (const other of pkSet ?? []) {
        if (links.has(linkTo(other)))
          this.#complain(`${table} ${linkTo(other)} was linked already`);
        links.add(linkTo(other));
        if (table === 'ItemTag') continue;
      }
    }
    if (action === 'post_remove') for (const other of pkSet ?? []) links.delete(linkTo(other));
    if (action === 'post_clear') {
      for (const link of links) {
        const [one, other] = link.split('/');
        if ((side === 'one' ? one : other) === key) links.delete(link);
      }
    }
  }

  #insert(facts: TableFacts, key: string, values: Values): void {
    const names = [...facts.identity, ...facts.columns];
    const empty = Object.fromEntries(
      names.map((name) => [name, name === 'deletedAt' ? '0' : null]),
    );
    const told = Object.fromEntries(
      Object.entries(values).filter(([name]) => !facts.identity.includes(name)),
    );
    const identity = key.split('/');
    const keys = Object.fromEntries(facts.identity.map((name, at) => [name, identity[at] ?? null]));
    this.#rowsOf(facts.table).set(key, { ...empty, ...told, ...keys });
  }

  #remove(table: string, key: string): void {
    this.#rowsOf(table).delete(key);
    for (const { links, otherTable } of LINKS) {
      const isOf = (link: string): boolean => {
        const [one, other] = link.split('/');
        return (table === 'Item' && one === key) || (table === otherTable && other === key);
      };
      const told = this.#links.get(links) ?? new Set();
      for (const link of told) if (isOf(link)) told.delete(link);
      for (const link of this.#rowsOf(links).keys())
        if (isOf(link)) this.#rowsOf(links).delete(link);
    }
    if (table !== 'Item') return;
    for (const part of this.#rowsOf('Part').values()) if (part.ItemId === key) part.ItemId = null;
  }

  /** The key of a row that the database may not have told the key of. */
  #identify(facts: TableFacts, values: Values): string {
    const isWhole = facts.identity.every((name) => (values[name] ?? null) !== null);
    if (isWhole || facts.unique === undefined) return identityOf(facts, values);
    const { table, unique } = facts;
    const found = [...(this.#after.get(table) ?? []), ...(this.#before.get(table) ?? [])].find(
      ([, row]) => row[unique] === values[unique],
    );
    return found?.[0] ?? identityOf(facts, values);
  }

  #rowsOf(table: string): Map<string, Values> {
    return this.#state.get(table) ?? new Map();
  }

  #complain(what: string): void {
    this.complaints.push(what);
  }
}

function text(values: Values): string {
  return JSON.stringify(values);
}
