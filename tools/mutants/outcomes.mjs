import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const KNOWN = join(import.meta.dirname, 'survivors.json');

/** What became of mutants: kept from run to run, for as long as the file that a mutant is in stays as it is. */
export class Outcomes {
  #file;
  #byHash = new Map();

  constructor(file) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    if (!existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
      const outcome = JSON.parse(line);
      this.#byHash.set(outcome.hash, outcome);
    }
  }

  of({ hash }) {
    return this.#byHash.get(hash)?.outcome;
  }

  add({ hash, source, line, name }, result) {
    const outcome = { hash, source, line, name, ...result };
    this.#byHash.set(hash, outcome);
    appendFileSync(this.#file, `${JSON.stringify(outcome)}\n`);
  }
}

/** The survivors that are known, by file and name, with what each means. */
export function knownSurvivors() {
  return JSON.parse(readFileSync(KNOWN, 'utf8'));
}
