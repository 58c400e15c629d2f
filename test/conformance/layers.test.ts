import { posix } from 'node:path';
import { expect } from 'chai';
import { filesUnder, read } from '../support/repository.js';

/**
 * The layers of lib/, from the ground up, and what each may import. A layer is a folder or a file
 * at the top of lib/; another folder is entered by its door, `index.ts`, alone.
 */
const LAYERS: Record<string, readonly string[]> = {
  base: [],
  signals: ['base'],
  transactions: ['base', 'signals'],
  models: ['base', 'signals', 'transactions'],
  installation: ['base', 'signals', 'transactions', 'models'],
  testing: ['base', 'signals', 'transactions', 'models', 'installation'],
  migrations: ['base', 'signals', 'transactions', 'models', 'installation'],
  index: ['base', 'signals', 'transactions', 'models', 'installation'],
};

/** What is outside the library, and the one file that touches it. */
const TOUCHED_BY: Record<string, string> = {
  AsyncLocalStorage: 'lib/base/context.ts',
  console: 'lib/base/logger.ts',
  _cls: 'lib/transactions/sequelize-cls.ts',
};

const FILES = filesUnder('lib', '.ts');
const IMPORTS = FILES.flatMap((from) => importsOf(from).map((to) => ({ from, to })));

describe('layers of lib/', () => {
  it('each file belongs to a layer', () => {
    expect(FILES.filter((file) => !(layerOf(file) in LAYERS))).to.deep.equal([]);
  });

  it('a layer imports the layers below it and no others', () => {
    const wrong = IMPORTS.filter(
      ({ from, to }) => ![layerOf(from), ...(LAYERS[layerOf(from)] ?? [])].includes(layerOf(to)),
    );

    expect(wrong.map(asText)).to.deep.equal([]);
  });

  it('another folder is entered by its door', () => {
    const wrong = IMPORTS.filter(
      ({ from, to }) =>
        layerOf(from) !== layerOf(to) && !/^lib\/([^/]+|[^/]+\/index)\.ts$/.test(to),
    );

    expect(wrong.map(asText)).to.deep.equal([]);
  });

  it('no file imports itself by way of others, types included', () => {
    expect(findCycle()).to.equal(undefined);
  });

  it('nothing but Node.js is loaded at run time', () => {
    const wrong = FILES.flatMap((file) => {
      const compiled = read(file.replace(/^lib\//, 'dist/').replace(/\.ts$/, '.js'));
      const loaded = [...compiled.matchAll(/\b(?:require|import)\(\s*["']([^"']+)/g)];
      return loaded
        .map(([, module = '']) => module)
        .filter((module) => !/^(node:|\.)/.test(module))
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

function layerOf(file: string): string {
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

/** A chain of imports that ends where it began, or `undefined`. */
function findCycle(): string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, chain: string[]): string[] | undefined => {
    if (chain.includes(file)) return [...chain.slice(chain.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const { to } of IMPORTS.filter(({ from }) => from === file)) {
      const cycle = visit(to, [...chain, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  return FILES.map((file) => visit(file, [])).find((cycle) => cycle !== undefined);
}
