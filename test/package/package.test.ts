import { posix } from 'node:path';
import { expect } from 'chai';
import { VERSION } from '#lib/base/version';
import { manifest } from '../support/repository.js';
import { ConsumerFolder } from './consumer-folder.js';
import { installRunners } from './runners.js';
import { pack, type Tarball } from './tarball.js';

const { name, version, exports: entries } = manifest();
const ENTRIES = Object.keys(entries)
  .filter((entry) => !entry.endsWith('.json'))
  .map((entry) => posix.join(name, entry));

const MODULE_KINDS = [
  ['commonjs', 'commonjs'],
  ['commonjs', 'node16'],
  ['commonjs', 'nodenext'],
  ['module', 'node16'],
  ['module', 'nodenext'],
] as const;

// Not exactOptionalPropertyTypes: Sequelize's own declarations do not compile with it.
const COMPILER_OPTIONS = {
  strict: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  target: 'es2022',
  types: ['node'],
};

describe('the package', function () {
  this.timeout(60_000);
  this.slow(10_000);

  let tarball: Tarball;

  before(async () => {
    tarball = await pack();
  });
  after(() => tarball.remove());

  describe('tarball', () => {
    it('holds the library and its documents, and nothing else', () => {
      const tops = new Set(tarball.files.map(({ path }) => path.split('/')[0]));

      expect([...tops].sort()).to.deep.equal([
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'dist',
        'package.json',
      ]);
    });

    it('has its JavaScript in few files, for each takes its time to load', () => {
      const scripts = tarball.files.filter(({ path }) => path.endsWith('.js'));

      // What all share, and what those for requests, for logins and for tasks do.
      expect(scripts).to.have.lengthOf(ENTRIES.length + 4);
    });

    it('knows its own version', () => {
      expect(VERSION).to.equal(version);
    });

    it('weighs less than 200 kB', () => {
      expect(tarball.size).to.be.below(200_000);
    });
  });

  describe('in a project of its own', () => {
    let consumer: ConsumerFolder;

    beforeEach(async () => {
      consumer = await ConsumerFolder.create(tarball.path);
    });
    afterEach(() => consumer.remove());

    it('loads where there is no Sequelize', async () => {
      for (const entry of ENTRIES) await consumer.node('--eval', `require('${entry}')`);
    });

    it('loads no other entry point and no framework with the main one', async () => {
      await consumer.copy('main-alone.cjs');

      await consumer.node('main-alone.cjs', name);
    });

    it('gives require and import the same objects', async () => {
      await consumer.copy('one-copy.mjs');

      await consumer.node('one-copy.mjs', ...ENTRIES);
    });

    it('shares signals and databases among its entry points', async () => {
      await consumer.link('sequelize', 'sqlite3');
      await consumer.copy('entry-points.mjs');

      await consumer.node('entry-points.mjs');
    });

    it('leaves functions and classes their names', async () => {
      await consumer.copy('names.cjs');

      await consumer.node('names.cjs', ...ENTRIES);
    });

    for (const [type, module] of MODULE_KINDS) {
      it(`compiles and runs as TypeScript, module ${module} in a package of type ${type}`, async () => {
        await consumer.link('sequelize', 'sqlite3', 'typescript', '@types/node');
        await consumer.copy('program.ts');
        await consumer.write('package.json', { type });
        await consumer.write('tsconfig.json', {
          compilerOptions: { ...COMPILER_OPTIONS, module },
          files: ['program.ts'],
        });

        await consumer.node('node_modules/typescript/bin/tsc');

        await consumer.node('program.js');
      });
    }

    describe("under Jest's default configuration", () => {
      before(installRunners);

      it('works', async () => {
        await consumer.link('sequelize', 'sqlite3', 'jest');
        await consumer.copy('jest.test.js');
        await consumer.write('package.json', { name: 'consumer' });

        await consumer.node('node_modules/jest/bin/jest.js');
      });
    });
  });
});
