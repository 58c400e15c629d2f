import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { ConsumerFolder } from '../package/consumer-folder.js';
import { installRunners } from '../package/runners.js';
import { pack, type Tarball } from '../package/tarball.js';
import { read } from '../support/repository.js';

/** A file that docs/testing.md shows. */
interface PageFile {
  readonly path: string;
  readonly code: string;
}

/** The files of the page: each has its name in its first line. */
const FILES: readonly PageFile[] = [
  ...read('docs/testing.md').matchAll(/^```[tj]s\n(\/\/ (\S+)\n.*?)^```$/gms),
].map(([, code = '', path = '']) => ({ path, code }));

const TESTS = FILES.filter(({ path }) => path.endsWith('.test.ts'));
const TITLES = TESTS.flatMap(({ code }) => code.match(/\bit\('/g) ?? []);

interface Runner {
  readonly name: string;
  /** The folder in which the page keeps what only this runner needs. */
  readonly folder: string;
  readonly packages: readonly string[];
  /** How the tests are run, after they have been compiled if they must be. */
  readonly command: readonly string[];
  readonly compiles: boolean;
  /** Whether it is installed for these tests alone. */
  readonly apart: boolean;
  /** Finds the number of tests that passed. */
  readonly passed: RegExp;
}

const RUNNERS: readonly Runner[] = [
  {
    name: 'mocha',
    folder: 'mocha',
    packages: ['mocha', '@types/mocha'],
    command: ['node_modules/mocha/bin/mocha.js'],
    compiles: true,
    apart: false,
    passed: /(\d+) passing/,
  },
  {
    name: 'Jest',
    folder: 'jest',
    packages: ['jest', '@jest/globals', '@types/mocha'],
    command: ['node_modules/jest/bin/jest.js'],
    compiles: true,
    apart: true,
    passed: /Tests: +(\d+) passed/,
  },
  {
    name: 'Vitest',
    folder: 'vitest',
    packages: ['vitest'],
    command: ['node_modules/vitest/vitest.mjs', 'run'],
    compiles: false,
    apart: true,
    passed: /Tests +(\d+) passed/,
  },
  {
    name: 'node:test',
    folder: 'node-test',
    packages: [],
    // By name: newer versions of Node.js would find the TypeScript beside them too.
    command: [
      '--test',
      '--test-reporter=tap',
      ...TESTS.map(({ path }) => path.replace('.ts', '.js')),
    ],
    compiles: true,
    apart: false,
    passed: /^# pass (\d+)$/m,
  },
];

describe('the tests of docs/testing.md', function () {
  this.timeout(120_000);
  this.slow(30_000);
  let tarball: Tarball;

  before(async () => {
    tarball = await pack();
  });
  after(() => tarball.remove());

  for (const runner of RUNNERS) {
    describe(`in ${runner.name}`, () => {
      if (runner.apart) before(installRunners);

      it('pass, against the packed library', async () => {
        const consumer = await ConsumerFolder.create(tarball.path);
        try {
          await consumer.link(
            'sequelize',
            'sqlite3',
            'typescript',
            '@types/node',
            ...runner.packages,
          );
          await writeFiles(consumer.path, runner);
          if (runner.compiles) await run(consumer.path, ['node_modules/typescript/bin/tsc']);

          const output = await run(consumer.path, runner.command);

          expect(runner.passed.exec(output)?.[1], output).to.equal(String(TITLES.length));
        } finally {
          await consumer.remove();
        }
      });
    });
  }
});

/** Writes the shop and the tests, with the files of the runner beside them. */
async function writeFiles(folder: string, runner: Runner): Promise<void> {
  const own = FILES.filter(({ path }) => path.startsWith(`${runner.folder}/`));
  const common = FILES.filter(({ path }) => !path.includes('/'));
  const head = own.find(({ path }) => path.endsWith('/head.ts'))?.code ?? '';

  for (const { path, code } of [...own, ...common]) {
    const target = join(folder, path.replace(`${runner.folder}/`, ''));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, path.endsWith('.test.ts') ? head + code : code);
  }
  const types = ['node', ...(runner.packages.includes('@types/mocha') ? ['mocha'] : [])];
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'shop' }));
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...COMPILER, types } }),
  );
}

const COMPILER = {
  target: 'es2022',
  lib: ['es2023', 'esnext.disposable', 'esnext.decorators'],
  module: 'node16',
  strict: true,
  // Sequelize's own declarations do not pass otherwise.
  skipLibCheck: true,
};

/** Runs Node.js, and resolves to what it printed; rejects with that when it fails. */
async function run(folder: string, command: readonly string[]): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, command, {
      cwd: folder,
      env,
    });
    return stdout + stderr;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`node ${command.join(' ')}\n${stdout}${stderr}`);
  }
}
