import type { Cut, Fault } from '../support/faulty-proxy.js';
import { Dice } from './dice.js';
import type {
  Action,
  BlockAction,
  BlockKind,
  Body,
  CallbackKind,
  Naming,
  Program,
  Registering,
  Step,
} from './program.js';

/** What programs may do on a database, and where they run. */
export interface Features {
  /** Whether their connections are cut and held up. */
  readonly faults: boolean;
  /** Whether a transaction can be begun beside the one that is open around it. */
  readonly ownTransactions: boolean;
  /** Whether what is outside of any block is in the transaction that happens to be open. */
  readonly oneConnection: boolean;
  /** Whether transactions meet in deadlocks. */
  readonly deadlocks: boolean;
  /** The share that runs in the transaction of a test. */
  readonly inTest: number;
  /** Whether savepoints set by hand, and transactions ended by hand, overlap with blocks. */
  readonly tangles: boolean;
  /** Whether instances are used again after the block in which they were saved was undone. */
  readonly instances: boolean;
}

/**
 * What may go wrong: nothing, so that nothing may be reported to have; functions that throw in
 * blocks that overlap with nothing, so that nothing else may fail; or all that there is.
 */
type Mood = 'calm' | 'orderly' | 'wild';

const DEEPEST = 4;
const MOST_STEPS = 40;

/** The program of this number: the same each time, for the same features. */
export function generate(seed: number, features: Features): Program {
  return new Generator(new Dice(seed), features).program();
}

/** Where a step stands. */
interface Place {
  readonly depth: number;
  /** The kind of the innermost block; undefined where the step is in none. */
  readonly kind: BlockKind | undefined;
  /** Whether an awaited function of the same block runs it, and nothing beside. */
  readonly alone: boolean;
  /** Whether there is a block around which holds locks, and would not end before this step. */
  readonly aside: boolean;
}

const TOP: Place = {
  depth: 0,
  kind: undefined,
  alone: true,
  aside: false,
};

class Generator {
  readonly #dice: Dice;
  readonly #features: Features;
  readonly #mood: Mood;
  /** Whether it sets savepoints by hand. */
  readonly #savepoints: boolean;
  #left = MOST_STEPS;

  constructor(dice: Dice, features: Features) {
    this.#dice = dice;
    this.#mood = dice.weighted([
      [3, 'calm'],
      [3, 'orderly'],
      [14, 'wild'],
    ]);
    this.#savepoints = this.#mood === 'wild' && dice.chance(0.4);
    const inTest = dice.chance(features.inTest);
    this.#features = inTest
      ? { ...features, faults: false, ownTransactions: false, deadlocks: false, inTest: 1 }
      : { ...features, inTest: 0 };
  }

  program(): Program {
    const { faults, deadlocks, inTest } = this.#features;
    const duel = deadlocks && this.#isWild && this.#dice.chance(0.1);
    return {
      flows: duel ? this.#duel() : this.#times(1, 2, () => this.#flow()),
      faults: faults && this.#isWild && this.#dice.chance(0.5) ? this.#faults() : [],
      inTest: inTest === 1,
    };
  }

  #times<Item>(least: number, most: number, make: () => Item): Item[] {
    return Array.from({ length: this.#dice.whole(least, most) }, make);
  }

  #faults(): Fault[] {
    return this.#times(1, 2, () => {
      const text = this.#dice.weighted([
        [5, ''],
        [4, 'COMMIT'],
        [2, 'ROLLBACK'],
        [2, 'SAVEPOINT'],
        [1, 'RELEASE'],
        [1, 'ROLLBACK TO'],
        [1, 'START TRANSACTION'],
        [2, 'INSERT'],
      ]);
      const number = this.#dice.whole(1, text === '' ? 15 : 3);
      const cut = this.#dice.weighted<Cut>([
        [4, 'statement'],
        [4, 'answer'],
        [2, 'delay'],
        [1, 'silence'],
      ]);
      return { text, number, cut };
    });
  }

  /** What one caller does: as a rule one outermost block. */
  #flow(): Step {
    const isBlock = this.#features.oneConnection || this.#dice.chance(0.9);
    const action = isBlock ? this.#block(TOP) : this.#action(TOP);
    return { ...action, awaited: true, swallowed: true };
  }

  /** Two transactions that want the same two rows, each in its own order, and go on whatever comes. */
  #duel(): Step[] {
    const together = this.#dice.chance(0.5);
    const swallowed = this.#dice.chance(0.7);
    return [0, 1].map((row) => {
      const inside: Place = { ...TOP, depth: 1, kind: 'managed', alone: !together };
      const step = (action: Action): Step => ({ ...action, awaited: true, swallowed });
      const collision = [
        step({ does: 'lock', row: 1 - row }),
        ...this.#times(1, 3, () => step({ does: 'write', names: 'own' })),
      ];
      const body: Body = {
        steps: [
          step({ does: 'write', names: 'own' }),
          step({ does: 'lock', row }),
          ...(together
            ? [step({ does: 'call', body: { steps: collision, order: 'all settled' } })]
            : collision),
          ...this.#times(0, 2, () => this.#step(inside)),
        ],
        order: 'in turn',
      };
      const kind = this.#dice.weighted<BlockKind>([
        [2, 'atomic'],
        [3, 'managed'],
        [1, 'by hand'],
      ]);
      return step({ ...this.#emptyBlock(kind), body });
    });
  }

  #body(place: Place, most = 4): Body {
    const together = this.#isTidy ? 0 : 2;
    const order = this.#dice.weighted<Body['order']>([
      [6, 'in turn'],
      [this.#mood === 'orderly' ? 0 : together, 'all'],
      [together, 'all settled'],
    ]);
    const inside = { ...place, alone: place.alone && order === 'in turn' };
    const makeStep = this.#mood === 'orderly' && order !== 'in turn' ? this.#sibling : this.#step;
    return { steps: this.#times(1, most, () => makeStep.call(this, inside)), order };
  }

  /** A step that does nothing beside the blocks that are started together with it. */
  #sibling(place: Place): Step {
    this.#left -= 1;
    return { ...this.#nested(place), awaited: true, swallowed: this.#dice.chance(0.8) };
  }

  #step(place: Place): Step {
    this.#left -= 1;
    const awaited = !this.#isWild || this.#isTidy || this.#dice.chance(0.92);
    const swallowed = this.#dice.chance(0.55);
    const around = awaited ? place : { ...place, alone: false };
    return { ...this.#action(around), awaited, swallowed };
  }

  /** Whether nothing may overlap. */
  get #isTidy(): boolean {
    return this.#savepoints && !this.#features.tangles;
  }

  get #isWild(): boolean {
    return this.#mood === 'wild';
  }

  #action(place: Place): Action {
    const make = this.#dice.weighted<() => Action>([
      [9, () => ({ does: 'write', names: this.#naming(place) })],
      [3, () => (place.alone ? { does: 'update' } : { does: 'read' })],
      [1, () => ({ does: 'read' })],
      [3, () => this.#registration()],
      [2, () => this.#failure()],
      [10, () => this.#nested(place)],
      [this.#savepoints ? 4 : 0, () => this.#savepoint(place)],
      [1, () => this.#outside(place)],
      [1, () => this.#lock(place)],
      [0.6, () => this.#rollback(place)],
      [0.7, () => ({ does: 'call', body: this.#body({ ...place, depth: place.depth + 1 }, 3) })],
      [this.#features.instances ? 2 : 0, () => this.#keepsake(place)],
    ]);
    return make();
  }

  #keepsake({ alone, aside, kind }: Place): Action {
    return alone && !aside && kind !== undefined ? { does: 'keepsake' } : this.#plainWrite();
  }

  #plainWrite(): Action {
    return { does: 'write', names: 'none' };
  }

  #naming({ kind, depth }: Place): Naming {
    if (kind === undefined) return 'none';
    if (this.#isWild && !this.#isTidy && depth > 1 && this.#dice.chance(0.08)) return 'outer';
    return this.#dice.chance(0.3) ? 'own' : 'none';
  }

  #registration(): Action {
    const by = this.#dice.weighted<Registering>([
      [5, 'onCommit'],
      [2, 'onCommit robust'],
      [2, 'afterCommit'],
    ]);
    const callback = this.#dice.weighted<CallbackKind>([
      [6, 'is quiet'],
      [this.#isWild ? 1 : 0, 'throws'],
      [this.#features.oneConnection ? 0 : 1, 'writes'],
      [1, 'opens a block'],
      [this.#isWild && this.#features.deadlocks ? 0.5 : 0, 'loses a conflict'],
      [1, 'registers'],
    ]);
    return { does: 'register', by, callback };
  }

  #failure(): Action {
    if (this.#mood === 'calm') return { does: 'read' };
    if (this.#mood === 'orderly') return { does: 'fail', by: 'application' };
    return {
      does: 'fail',
      by: this.#dice.weighted([
        [3, 'application'],
        [3, 'server'],
        [this.#features.deadlocks ? 1 : 0, 'lost conflict'],
      ]),
    };
  }

  #lock({ aside, kind }: Place): Action {
    // Nobody ends the wait of a transaction for one that waits for its end.
    const may = this.#features.deadlocks && this.#isWild && !aside && kind !== undefined;
    return may ? { does: 'lock', row: this.#dice.whole(0, 1) } : this.#plainWrite();
  }

  #rollback({ kind }: Place): Action {
    return !this.#isWild || kind === undefined ? this.#plainWrite() : { does: 'setRollback' };
  }

  #savepoint(place: Place): Action {
    const { kind, depth } = place;
    const fits = this.#savepoints && kind !== undefined && kind !== 'by hand';
    if (!fits || depth >= DEEPEST || this.#left < 0) return this.#plainWrite();
    const end = this.#dice.weighted([
      [1, 'none' as const],
      [1, 'commit' as const],
      [4, 'rollback' as const],
    ]);
    return { does: 'savepoint', end, body: this.#body({ ...place, depth: depth + 1 }, 3) };
  }

  #outside(place: Place): Action {
    const fits = this.#features.ownTransactions && place.depth < DEEPEST && this.#left > 0;
    if (!fits) return this.#plainWrite();
    const inside = { ...TOP, depth: place.depth + 1, aside: true };
    return { does: 'outside', body: this.#body(inside, 2) };
  }

  #nested(place: Place): Action {
    if (place.depth < DEEPEST && this.#left > 0) return this.#block(place);
    return this.#mood === 'orderly' ? { does: 'read' } : this.#plainWrite();
  }

  #block(place: Place): Action {
    const { kind: around, depth } = place;
    const kind = this.#dice.weighted<BlockKind>([
      [6, 'atomic'],
      [around && this.#mood !== 'orderly' ? 2 : 0, 'merged'],
      [2, 'managed'],
      [this.#mayEndByHand(place) ? 2 : 0, 'by hand'],
    ]);
    const ofSequelize = kind === 'managed' || kind === 'by hand';
    const nested =
      around !== undefined &&
      (!ofSequelize || !this.#features.ownTransactions || this.#dice.chance(0.7));
    const block = this.#emptyBlock(kind);
    const inside: Place = {
      depth: depth + 1,
      kind,
      alone: place.alone,
      aside: place.aside || (around !== undefined && !nested),
    };
    const retries = kind === 'atomic' && !nested && this.#dice.chance(0.3) ? 2 : 0;
    return { ...block, nested, retries, body: this.#body(inside) };
  }

  #mayEndByHand({ alone, kind }: Place): boolean {
    if (kind === undefined) return !this.#features.oneConnection;
    if (this.#mood === 'orderly') return false;
    return alone || this.#mood === 'calm' || this.#features.tangles;
  }

  #emptyBlock(kind: BlockKind): BlockAction {
    const ends = !this.#isWild || kind !== 'by hand' || this.#dice.chance(0.7);
    return {
      does: 'block',
      kind,
      nested: false,
      retries: 0,
      end: ends ? 'commit' : 'rollback',
      body: { steps: [], order: 'in turn' },
    };
  }
}
