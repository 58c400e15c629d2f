import { logger } from './logger.js';
import { VERSION } from './version.js';

/** Where a copy looks up what it has. */
interface Store {
  readonly version: string;
  find(key: unknown): unknown;
}

/** One copy of this package, as it was loaded. */
interface Copy {
  /** The file that it was loaded from. */
  readonly path: string;
}

/**
 * What all copies of the package in one process know of one another. They may be of different
 * versions: a later one may add to this, with a higher `shape`, and never takes anything away.
 */
interface Copies {
  readonly shape: number;
  /** How many were loaded, those included that were loaded again from the same file. */
  loaded: number;
  readonly paths: Set<string>;
  /** Which copy has a Sequelize instance. */
  readonly holders: WeakMap<object, Copy>;
  /** What other copies may look into. A copy that was loaded anew lets the one before it go. */
  readonly stores: WeakRef<Store>[];
  /** Warns by the logger of the first copy: whoever configured one may not know of another copy. */
  warn(message: string): void;
}

const KEY = Symbol.for('sequelize-signals.copies');

// A bundler may leave no file name.
const thisCopy: Copy = { path: typeof __filename === 'string' ? __filename : 'a bundle' };
const copies = enroll();

function enroll(): Copies {
  const realm = globalThis as { [KEY]?: Copies };
  realm[KEY] ??= {
    shape: 1,
    loaded: 0,
    paths: new Set(),
    holders: new WeakMap(),
    stores: [],
    warn: (message) => logger().warn(message),
  };
  const known = realm[KEY];
  const [first] = known.paths;
  // A test runner that loads modules anew does so from the same files, in each test and on purpose.
  if (first !== undefined && !known.paths.has(thisCopy.path)) {
    known.warn(
      `Two copies of sequelize-signals are loaded, from ${first} and from ${thisCopy.path}. ` +
        'A signal of one does not call the receivers of the other, and only copies of one version know the ' +
        'blocks of one another. ' +
        'Have the package manager install one for all, and bundlers leave it out.',
    );
  }
  known.loaded += 1;
  known.paths.add(thisCopy.path);
  return known;
}

/** Lets other copies know that this one has `thing`. Returns the undo. */
export function hold(thing: object): () => void {
  copies.holders.set(thing, thisCopy);
  return () => {
    copies.holders.delete(thing);
  };
}

/** Names the copy that has `thing`, and this one, where that is another. */
export function heldElsewhere(thing: object): string | undefined {
  if (copies.loaded === 1) return undefined;
  const holder = copies.holders.get(thing);
  if (holder === undefined || holder === thisCopy) return undefined;

  return holder.path === thisCopy.path
    ? `another copy of sequelize-signals, which was loaded from the same file, ${thisCopy.path}, as jest.resetModules() has it`
    : `another copy of sequelize-signals, loaded from ${holder.path}, where this one is from ${thisCopy.path}`;
}

/**
 * Lets other copies look up what this one has by `find`.
 *
 * @returns what looks into the others in turn. It finds nothing in those of another version, whose
 * objects may be made otherwise.
 */
export function share<Found>(
  find: (key: unknown) => Found | undefined,
): (key: unknown) => Found | undefined {
  const own: Store = { version: VERSION, find };
  copies.stores.push(new WeakRef(own));
  return (key) => {
    for (const store of copies.stores.map((each) => each.deref())) {
      if (!store || store === own || store.version !== own.version) continue;
      const found = store.find(key) as Found | undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** Says in a message that there are other copies, where there are: each has things of its own. */
export function hintAtCopies(): string {
  if (copies.loaded === 1) return '';
  const paths = [...copies.paths].join(' and ');
  return ` This is one of ${copies.loaded} copies of sequelize-signals that are loaded, from ${paths}; what is of another copy, this one does not know.`;
}
