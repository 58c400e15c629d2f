import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as library from 'sequelize-signals';
import type * as testing from 'sequelize-signals/testing';
import { ROOT } from './repository.js';

/** The public names of a copy. */
export type Library = typeof library & Pick<typeof testing, 'muteSignals' | 'recordSignal'>;

/** What the copies of a process share. */
interface Known {
  loaded: number;
  readonly paths: Set<string>;
}

/** Copies of the built library in a folder of their own, to be loaded beside the one under test. */
export class Copies {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sequelize-signals-copies-'));
  readonly #known: Known = Reflect.get(globalThis, Symbol.for('sequelize-signals.copies'));
  readonly #loaded = this.#known.loaded;
  #made = 0;

  /** Makes another copy, be it of another version, and returns the folder that its files are in. */
  make(version?: string): string {
    this.#made += 1;
    const folder = join(this.#folder, String(this.#made));
    cpSync(join(ROOT, 'dist'), folder, { recursive: true });
    if (version) writeFileSync(join(folder, 'base/version.js'), `exports.VERSION = '${version}';`);
    return folder;
  }

  /** Loads a copy, as if it never had been. */
  load(folder: string): Library {
    const require = createRequire(join(folder, 'index.js'));
    for (const path of Object.keys(require.cache)) {
      if (path.startsWith(folder)) delete require.cache[path];
    }
    return { ...require('./index.js'), ...require('./testing/index.js') };
  }

  /** Has the copy under test be the only one again, which other tests are about. */
  remove(): void {
    this.#known.loaded = this.#loaded;
    for (const path of this.#known.paths) {
      if (path.startsWith(this.#folder)) this.#known.paths.delete(path);
    }
    rmSync(this.#folder, { recursive: true });
  }
}
