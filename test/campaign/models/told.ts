import type { Identifier } from 'sequelize';
import {
  type ModelSignal,
  m2mChanged,
  postBulkCreate,
  postBulkDelete,
  postBulkUpdate,
  postDelete,
  postSave,
  preBulkCreate,
  preBulkDelete,
  preBulkUpdate,
  preDelete,
  preSave,
} from 'sequelize-signals';
import { asText, factsOf, type Row, type Schema, type Values } from './schema.js';

/** What a signal told, as it was at that moment. */
export interface Told {
  readonly signal: string;
  readonly table: string;
  /** Whether a receiver of another signal caused it. */
  readonly isNested: boolean;
  /** What is the same before and after one call. */
  readonly frame: unknown;
  readonly rows: readonly ToldRow[];
  readonly created?: boolean;
  readonly soft?: boolean;
  readonly onConflict?: string;
  readonly where?: unknown;
  readonly values?: Values;
  readonly increments?: Readonly<Record<string, number>> | null;
  readonly count?: number | undefined;
  readonly action?: string;
  readonly pkSet?: readonly string[] | null;
  readonly linksBy?: string;
}

export interface ToldRow {
  readonly instance: Row;
  readonly values: Values;
  readonly wasN: string | null;
  readonly changed: readonly string[];
}

const SIGNALS = {
  ...{ preSave, postSave, preDelete, postDelete, preBulkCreate, postBulkCreate },
  ...{ preBulkUpdate, postBulkUpdate, preBulkDelete, postBulkDelete },
} as const;

type Name = keyof typeof SIGNALS;
type Event = Readonly<Record<string, unknown>>;

/** The signal with this name, of whatever payload. */
export function signalNamed(name: string): ModelSignal {
  return SIGNALS[name as Name] as unknown as ModelSignal;
}

const TABLES = ['Item', 'Draft', 'Page', 'Pair', 'Memo', 'Part', 'Tag', 'Label', 'Sticker'];

/** Writes down what all signals of the models tell. Returns the undo. */
export function listen(
  schema: Schema,
  { tell, isNested }: { tell(told: Told): void; isNested(): boolean },
): () => void {
  const undos = TABLES.flatMap((table) =>
    Object.keys(SIGNALS).map((signal) => {
      const receiver = (event: object) =>
        tell({ ...toldBy(signal, table, event as Event), isNested: isNested() });
      return signalNamed(signal).connect(receiver, { sender: schema.model(table) });
    }),
  );
  const links = ['ItemTag', 'Sticker'].map((table) =>
    m2mChanged.connect(
      (event) => tell({ ...toldByLinks(table, event as never), isNested: isNested() }),
      { sender: schema.model(table) },
    ),
  );
  return () => {
    for (const undo of [...undos, ...links]) undo();
  };
}

function toldBy(signal: string, table: string, event: Event): Omit<Told, 'isNested'> {
  const instances = (event.instances ?? (event.instance ? [event.instance] : [])) as Row[];
  return {
    ...(event as object),
    signal,
    table,
    frame: event.instances ?? event.values ?? event.where ?? table,
    rows: instances.map((instance) => rowTold(table, instance)),
    ...(event.values ? { values: textsOf(table, event.values as Event) } : {}),
  };
}

function rowTold(table: string, instance: Row): ToldRow {
  return {
    instance,
    values: textsOf(table, instance.dataValues as Event),
    wasN: asText('n', instance.previous('n')),
    changed: instance.changed() || [],
  };
}

/** The values that the table has columns for. */
function textsOf(table: string, values: Event): Values {
  const { identity, columns } = factsOf(table);
  const names = [...identity, ...columns].filter((name) => values[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, asText(name, values[name])]));
}

interface LinksEvent {
  readonly action: string;
  readonly instance: Row;
  readonly reverse: boolean;
  readonly pkSet: ReadonlySet<Identifier> | null;
}

function toldByLinks(
  table: string,
  { action, instance, reverse, pkSet }: LinksEvent,
): Omit<Told, 'isNested'> {
  return {
    signal: 'm2mChanged',
    table,
    frame: undefined,
    rows: [],
    action,
    pkSet: pkSet && [...pkSet].map(String),
    linksBy: `${reverse ? 'other' : 'one'} ${instance.get('id')}`,
  };
}
