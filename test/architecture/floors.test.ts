import { posix } from 'node:path';
import { expect } from 'chai';
import { filesUnder, read } from '../support/repository.js';

/**
 * The floors of lib/, from the ground up, and which others each stands on. A floor is a folder of
 * lib/, or the file that has the public names; another folder is entered by its door, `index.ts`.
 */
const FLOORS: Record<string, readonly string[]> = {
  base: [],
  signals: ['base'],
  blocks: ['base'],
  sequelize: ['base', 'blocks'],
  transactions: ['base', 'signals', 'blocks', 'sequelize'],
  models: ['base', 'signals', 'sequelize', 'transactions'],
  installation: ['base', 'sequelize', 'transactions', 'models'],
  migrations: ['base', 'sequelize', 'transactions', 'models'],
  requests: ['base', 'signals', 'transactions'],
  logins: ['base', 'signals', 'sequelize', 'transactions', 'models'],
  tasks: ['base', 'signals', 'transactions', 'models'],
  testing: ['base', 'signals', 'blocks', 'sequelize', 'transactions'],
  index: ['base', 'signals', 'transactions', 'models', 'installation'],
};

/** Doors beside `index.ts`, each with the one floor that it is for. */
const SIDE_DOORS: Record<string, string> = {
  'lib/blocks/for-testing.ts': 'testing',
};

/** What is outside the library, and the one file that touches it. */
const TOUCHED_BY: Record<string, string> = {
  AsyncLocalStorage: 'lib/base/context.ts',
  console: 'lib/base/logger.ts',
  _cls: 'lib/sequelize/cls-slot.ts',
  getDialect: 'lib/sequelize/dialects.ts',
};

/** The one package that an entry point loads, which is made for it, and only once it is needed. */
const MADE_FOR: Record<string, string> = {
  'lib/tasks/bullmq.ts': 'bullmq',
  'lib/tasks/graphile-worker.ts': 'graphile-worker',
};

const FILES = filesUnder('lib', '.ts');
const IMPORTS = FILES.flatMap((from) => importsOf(from).map((to) => ({ from, to })));

describe('floors of lib/', () => {
  it('each file is on a floor', () => {
    expect(FILES.filter((file) => !(floorOf(file) in FLOORS))).to.deep.equal([]);
  });

  it('a floor stands on those below it and no others', () => {
    const wrong = IMPORTS.filter(
      ({ from, to }) => ![floorOf(from), ...(FLOORS[floorOf(from)] ?? [])].includes(floorOf(to)),
    );

    expect(wrong.map(asText)).to.deep.equal([]);
  });

  it('another folder is entered by its door', () => {
    const wrong = IMPORTS.filter(
      ({ from, to }) =>
        floorOf(from) !== floorOf(to) &&
        !to.endsWith('/index.ts') &&
        SIDE_DOORS[to] !== floorOf(from),
    );

    expect(wrong.map(asText)).to.deep.equal([]);
  });

  it('the state machine of transactions knows no Sequelize', () => {
    const wrong = FILES.filter((file) => floorOf(file) === 'blocks').filter((file) =>
      /from 'sequelize'/.test(codeOf(file)),
    );

    expect(wrong).to.deep.equal([]);
  });

  it('no file loads itself by way of others', () => {
    expect(findCycle()).to.equal(undefined);
  });

  it('nothing but Node.js is loaded at run time, and what an entry point is made for', () => {
    const wrong = FILES.flatMap((file) => {
      const loaded = [...compiled(file).matchAll(/\b(?:require|import)\(\s*["']([^"']+)/g)];
      return loaded
        .map(([, module = '']) => module)
        .filter((module) => !/^(node:|\.)/.test(module) && MADE_FOR[file] !== module)
        .map((module) => `${file} loads ${module}`);
    });

    expect(wrong).to.deep.equal([]);
  });

  for (const [thing, owner] of Object.entries(TOUCHED_BY)) {
    it(`${thing} is for ${owner} alone`, () => {
      const word = new RegExp(`\\b${thing}\\b`);
      const users = FILES.filter((file) => file !== owner && word.test(codeOf(file)));

      expect(users).to.deep.equal([]);
    });
  }
});

function floorOf(file: string): string {
  return /^lib\/([^/.]+)/.exec(file)?.[1] ?? file;
}

function asText({ from, to }: { from: string; to: string }): string {
  return `${from} imports ${to}`;
}

/** The files of lib/ that a file imports, for values or for types. */
function importsOf(file: string): string[] {
  const imports = codeOf(file).matchAll(/\b(?:from|import|import\()\s*'(\.[^']*)\.js'/g);
  return [...imports].map(([, path]) => posix.join(posix.dirname(file), `${path}.ts`));
}

function codeOf(file: string): string {
  return read(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
}

/** The files of lib/ that a file loads at run time: what it imports for types alone is gone by then. */
function loadedBy(file: string): string[] {
  const loaded = [...compiled(file).matchAll(/\brequire\("(\.[^"]+)\.js"\)/g)];
  return loaded.map(([, path]) => posix.join(posix.dirname(file), `${path}.ts`));
}

function compiled(file: string): string {
  return read(file.replace(/^lib\//, 'dist/').replace(/\.ts$/, '.js'));
}

/** A chain of files that ends where it began, or `undefined`. */
function findCycle(): string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, chain: string[]): string[] | undefined => {
    if (chain.includes(file)) return [...chain.slice(chain.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const loaded of loadedBy(file)) {
      const cycle = visit(loaded, [...chain, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  return FILES.map((file) => visit(file, [])).find((cycle) => cycle !== undefined);
}
