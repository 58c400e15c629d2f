import { Dice } from '../dice.js';
import type {
  Conflict,
  Deed,
  ModelProgram,
  ModelStep,
  PlannedSignal,
  ReceiverPlan,
  Rows,
  Since,
  TableName,
} from './model-program.js';

const PLAIN = { hooks: true, ignore: false } as const;
const SILENT = { hooks: false, ignore: false } as const;

const DEEPEST = 3;
const MOST_STEPS = 16;
/** Few, so that what is made meets what is there. */
const MOST_KEY = 6;
const MOST_N = 4;
/** No row may have this number: `validate` refuses it. */
export const INVALID_N = 9;

const TABLES: readonly (readonly [number, TableName])[] = [
  [6, 'Item'],
  [4, 'Draft'],
  [3, 'Page'],
  [2, 'Pair'],
  [2, 'Memo'],
];

const OTHER_TABLES: readonly (readonly [number, TableName])[] = [
  [3, 'Part'],
  [1, 'Tag'],
  [1, 'Label'],
];

/** The program of this number: the same each time. */
export function generateModelProgram(seed: number): ModelProgram {
  return new Generator(new Dice(seed)).program();
}

class Generator {
  readonly #dice: Dice;
  #left = MOST_STEPS;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  program(): ModelProgram {
    const receivers = this.#list(0, 6, () => this.#receiver());
    const seeds = TABLES.map(
      ([, table]): ModelStep => ({
        ...{ does: 'bulkCreate', table, keys: [0, 1, 2], n: this.#n(), conflict: 'ignore' },
        ...{ individual: false, validate: false, hooks: false },
      }),
    );
    const parts: ModelStep[] = [
      { does: 'create', table: 'Item', key: 4, n: 1, include: 'Parts', ...PLAIN },
      { does: 'create', table: 'Item', key: 5, n: 2, include: 'Tags', ...PLAIN },
      { does: 'create', table: 'Tag', key: 3, n: 2, include: 'nothing', ...SILENT },
      { does: 'create', table: 'Label', key: 1, n: 2, include: 'nothing', ...SILENT },
      { does: 'create', table: 'Label', key: 2, n: 2, include: 'nothing', ...SILENT },
    ];
    const first = [...seeds, ...parts].filter(() => this.#dice.chance(0.7));
    return { receivers, steps: [...first, ...this.#steps(0)] };
  }

  #steps(depth: number): ModelStep[] {
    const wanted = this.#dice.whole(1, depth === 0 ? 10 : 4);
    const steps: ModelStep[] = [];
    while (steps.length < wanted && this.#left > 0) {
      this.#left -= 1;
      steps.push(depth < DEEPEST && this.#dice.chance(0.15) ? this.#block(depth) : this.#step());
    }
    return steps;
  }

  #block(depth: number): ModelStep {
    return {
      does: 'block',
      by: this.#dice.weighted([
        [5, 'atomic'],
        [2, 'atomic without savepoint'],
        [2, 'sequelize.transaction'],
      ]),
      throws: this.#dice.chance(0.25),
      steps: this.#steps(depth + 1),
    };
  }

  #step(): ModelStep {
    const make = this.#dice.weighted<() => ModelStep>([
      [3, () => this.#create()],
      [4, () => this.#save()],
      [3, () => this.#destroy()],
      [1, () => ({ does: 'restore', rows: this.#rows() })],
      [2, () => this.#increment()],
      [4, () => this.#bulkCreate()],
      [6, () => this.#bulkUpdate()],
      [4, () => this.#bulkDestroy()],
      [2, () => this.#upsert()],
      [2, () => this.#findOrCreate()],
      [4, () => this.#links()],
      [3, () => this.#parts()],
    ]);
    return make();
  }

  #create(): ModelStep {
    const table = this.#table();
    const hooks = this.#hooks();
    return {
      does: 'create',
      table,
      key: this.#key(),
      n: this.#nOrInvalid(),
      hooks,
      // Sequelize saves what is included with hooks in any case.
      include:
        table === 'Item' && hooks
          ? this.#dice.weighted([
              [3, 'nothing'],
              [1, 'Parts'],
              [1, 'Tags'],
            ])
          : 'nothing',
      ignore: this.#dice.chance(0.15),
    };
  }

  #save(): ModelStep {
    return {
      does: 'save',
      table: this.#table(),
      row: this.#row(),
      n: this.#nOrInvalid(),
      since: this.#since(),
      fields: this.#fields(),
      by: this.#dice.chance(0.5) ? 'save' : 'update',
    };
  }

  #destroy(): ModelStep {
    const force = this.#dice.chance(0.3);
    const table = this.#table();
    // What is stored of a row that stays is what others made of it, or what receivers did.
    const since = table === 'Draft' ? 'nothing' : this.#since();
    return { does: 'destroy', table, row: this.#row(), force, since };
  }

  #increment(): ModelStep {
    const table = this.#table();
    return {
      does: 'increment',
      table,
      row: this.#dice.chance(0.5) ? this.#row() : undefined,
      rows: this.#rows(),
      by: this.#dice.whole(1, 2),
      minus: this.#dice.chance(0.4),
      scoped: table === 'Item' && this.#dice.chance(0.3),
    };
  }

  #bulkCreate(): ModelStep {
    const conflict = this.#dice.weighted<Conflict>([
      [3, 'fail'],
      [2, 'ignore'],
      [2, 'update'],
    ]);
    return {
      does: 'bulkCreate',
      table: this.#table(conflict === 'update' ? ['Memo'] : []),
      keys: this.#list(1, 3, () => this.#key()),
      n: this.#nOrInvalid(),
      individual: this.#dice.chance(0.35),
      conflict,
      validate: this.#dice.chance(0.5),
      hooks: this.#hooks(),
    };
  }

  #bulkUpdate(): ModelStep {
    const table = this.#table();
    const individual = this.#dice.chance(0.7);
    return {
      does: 'bulkUpdate',
      table,
      rows: this.#rows(),
      n: this.#nOrInvalid(),
      individual,
      limit: individual && this.#dice.chance(0.3) ? this.#dice.whole(1, 2) : 0,
      fields: this.#dice.chance(0.15) ? ['n'] : null,
      scoped: table === 'Item' && this.#dice.chance(0.2),
      returning: this.#dice.chance(0.2),
      hooks: this.#hooks(),
    };
  }

  #bulkDestroy(): ModelStep {
    const table = this.#table();
    const individual = this.#dice.chance(0.7);
    const hooks = this.#hooks();
    return {
      does: 'bulkDestroy',
      table,
      rows: this.#rows(),
      individual,
      limit: individual && this.#dice.chance(0.3) ? this.#dice.whole(1, 2) : 0,
      force: this.#dice.chance(0.3),
      // Sequelize's own TRUNCATE commits on MariaDB, whatever block it is in.
      truncate: individual && hooks && this.#dice.chance(0.1),
      scoped: table === 'Item' && this.#dice.chance(0.2),
      hooks,
    };
  }

  #upsert(): ModelStep {
    const table = this.#table(['Memo', 'Page']);
    return { does: 'upsert', table, key: this.#key(), n: this.#n() };
  }

  #findOrCreate(): ModelStep {
    const does = this.#dice.chance(0.5) ? 'findOrCreate' : 'updateOrCreate';
    const table = this.#table(['Pair', ...(does === 'updateOrCreate' ? ['Memo' as const] : [])]);
    return { does, table, key: this.#key(), n: this.#nOrInvalid() };
  }

  #links(): ModelStep {
    const other = this.#dice.chance(0.5) ? 'Tag' : 'Label';
    const isReverse = this.#dice.chance(0.3);
    return {
      does: 'links',
      from: isReverse ? other : 'Item',
      to: isReverse ? 'Item' : other,
      row: this.#row(),
      others: this.#list(0, 3, () => this.#row()),
      how: this.#dice.weighted([
        [3, 'add'],
        [2, 'remove'],
        [3, 'set'],
        [1, 'clear'],
        [1, 'create'],
      ]),
    };
  }

  #parts(): ModelStep {
    return {
      does: 'parts',
      row: this.#row(),
      others: this.#list(0, 3, () => this.#row()),
      how: this.#dice.weighted([
        [3, 'add'],
        [2, 'remove'],
        [2, 'set'],
        [1, 'create'],
      ]),
      individual: this.#dice.chance(0.3),
    };
  }

  #receiver(): ReceiverPlan {
    const signal = this.#dice.weighted<PlannedSignal>([
      [5, 'preSave'],
      [3, 'postSave'],
      [3, 'preDelete'],
      [2, 'postDelete'],
      [3, 'preBulkCreate'],
      [1, 'postBulkCreate'],
      [3, 'preBulkUpdate'],
      [1, 'postBulkUpdate'],
      [1, 'preBulkDelete'],
      [1, 'postBulkDelete'],
    ]);
    const isRow = signal.endsWith('Save') || signal.endsWith('Delete');
    const sets = signal.startsWith('pre') && signal !== 'preBulkDelete';
    const does = this.#dice.weighted<Deed>([
      [sets ? 5 : 0, 'sets the same in all'],
      [sets ? 4 : 0, 'sets something else in each'],
      [sets ? 3 : 0, 'sets something in some'],
      [2, 'fails'],
      [1, 'creates a part'],
      [1, 'updates pages'],
      [1, 'destroys memos'],
      [isRow && signal === 'postSave' ? 3 : 0, 'saves the instance'],
    ]);
    const table = this.#dice.chance(0.15) ? this.#dice.weighted(OTHER_TABLES) : this.#table();
    return { table, signal, does, at: this.#dice.whole(1, 3) };
  }

  #rows(): Rows {
    return this.#dice.weighted<() => Rows>([
      [3, () => ({ by: 'all' })],
      [2, () => ({ by: 'n', n: this.#n() })],
      [2, () => ({ by: 'keys', keys: this.#list(1, 3, () => this.#key()) })],
    ])();
  }

  #since(): Since {
    return this.#dice.weighted<Since>([
      [8, 'nothing'],
      [1, 'gone'],
      [1, 'changed'],
    ]);
  }

  #fields(): readonly string[] | null {
    return this.#dice.weighted<readonly string[] | null>([
      [8, null],
      [1, ['n']],
      [1, ['note']],
    ]);
  }

  #table(without: readonly TableName[] = []): TableName {
    return this.#dice.weighted(TABLES.filter(([, table]) => !without.includes(table)));
  }

  #hooks(): boolean {
    return this.#dice.chance(0.93);
  }

  #key(): number {
    return this.#dice.whole(0, MOST_KEY);
  }

  #row(): number {
    return this.#dice.whole(0, 5);
  }

  #n(): number {
    return this.#dice.whole(0, MOST_N);
  }

  #nOrInvalid(): number {
    return this.#dice.chance(0.05) ? INVALID_N : this.#n();
  }

  #list<Item>(least: number, most: number, make: () => Item): Item[] {
    return Array.from({ length: this.#dice.whole(least, most) }, make);
  }
}
