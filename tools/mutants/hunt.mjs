import { runTests } from './run-tests.mjs';
import { survey } from './survey.mjs';

const DATABASES = ['sqlite memory', 'postgres'];

/** Has the tests look for mutants: first those that need no server, and then those on PostgreSQL. */
export class Hunt {
  #root;
  #server;
  #jobs;
  #seconds;
  #stages = [];
  /** How many mutants of a source file the tests of a file have noticed. */
  #noticed = new Map();

  constructor({ root, server, jobs, seconds }) {
    this.#root = root;
    this.#server = server;
    this.#jobs = jobs;
    this.#seconds = seconds;
  }

  /** Runs all tests as they are, to know what each reaches and how long it takes. */
  async prepare() {
    const known = new Set();
    for (const database of DATABASES) {
      console.log(`Looking at what the tests reach on ${database}`);
      const env = { DATABASES: database, POSTGRES_URL: this.#server.url };
      const surveyed = await survey({
        root: this.#root,
        database,
        env,
        inLanes: this.#inLanes,
        run: this.#run,
      });
      // What needs no database is the same on both.
      const tests = surveyed.filter(({ title }) => !known.has(title));
      for (const { title } of tests) known.add(title);
      this.#stages.push({
        env,
        tests,
        durations: new Map(tests.map(({ title, duration }) => [title, duration])),
      });
    }
  }

  async run(mutants, tell) {
    await this.#inLanes(mutants, async (mutant) => tell(mutant, await this.#try(mutant)));
  }

  async #try(mutant) {
    let tests = 0;
    for (const stage of this.#stages) {
      const files = this.#whatToRun(mutant, stage);
      if (files.length === 0) continue;
      const result = await this.#runOn(mutant, stage, files);
      if (result.outcome !== 'passed') {
        this.#noteNoticed(mutant, files, result.by);
        return result;
      }
      for (const { titles } of files) tests += titles.length;
    }
    return { outcome: 'survived', tests };
  }

  async #runOn({ file, start, end, replacement }, stage, files) {
    const env = { ...stage.env, MUTANT: JSON.stringify({ file, start, end, replacement }) };
    const allowed = allowanceOf(stage, files);
    const result = await this.#run({ files, env, allowed });
    if (result.outcome !== 'hung') return result;
    // On a busy machine tests are slow by themselves: one hangs if it does so again, with much more time.
    return this.#run({ files, env, allowed: (title) => 5 * allowed(title) });
  }

  /** The tests that reach a mutant, by file, those first that are likely to notice it soon. */
  #whatToRun({ source, part }, { tests }) {
    const reaching = tests.filter(({ reached }) => reached.has(part));
    // What runs when a file is loaded was reached before any test, and any may notice it.
    const candidates = byFile(reaching.length > 0 ? reaching : tests);
    const rank = ({ file, cost }) => {
      const noticed = this.#noticed.get(`${source} ${file}`) ?? 0;
      return cost / (1 + noticed) / (isOf(source, file) ? 5 : 1);
    };
    let spent = 0;
    return candidates
      .sort((a, b) => rank(a) - rank(b))
      .filter(({ cost }) => {
        const isAffordable = spent < 1000 * this.#seconds;
        spent += cost;
        return isAffordable;
      });
  }

  #noteNoticed({ source }, files, title) {
    const file = files.find(({ titles }) => titles.includes(title))?.file;
    const key = `${source} ${file}`;
    this.#noticed.set(key, (this.#noticed.get(key) ?? 0) + 1);
  }

  #run = (parameters) => {
    const onEnd = (pid) => this.#server.dropDatabasesOf(pid);
    return runTests({ root: this.#root, onEnd, ...parameters });
  };

  #inLanes = async (items, work) => {
    const left = items.values();
    const lane = async () => {
      for (const item of left) await work(item);
    };
    await Promise.all(Array.from({ length: this.#jobs }, lane));
  };
}

function byFile(tests) {
  const files = new Map();
  for (const { file, title, duration, pause } of tests) {
    const entry = files.get(file) ?? { file, titles: [], cost: 50 + pause / 4, pause };
    entry.titles.push(title);
    entry.cost += duration;
    files.set(file, entry);
  }
  return [...files.values()];
}

/** Whether these are tests of the folder of a source file, or replays of Django. */
function isOf(source, file) {
  const [, folder] = source.split('/');
  return file.startsWith(`.cache/test/${folder}/`) || file.startsWith('.cache/test/conformance/');
}

/** How many milliseconds a test may take, or what comes between tests: many times what it took before. */
function allowanceOf({ durations }, files) {
  const pause = Math.max(...files.map((file) => file.pause));
  return (title) =>
    title === undefined ? 20_000 + 4 * pause : 8000 + 10 * (durations.get(title) ?? 0);
}
