import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import * as library from 'sequelize-signals';
import { runNode } from '../support/program.js';
import { ROOT, read } from '../support/repository.js';

/** A fenced block of code, and the block of text below it, which is what it prints. */
interface Block {
  readonly file: string;
  readonly code: string;
  readonly output: string | undefined;
}

const README = read('README.md');
const BLOCKS = [...README.matchAll(/^```ts\n(.*?)^```\n(?:\s*^```text\n(.*?)^```\n)?/gms)].map(
  asBlock,
);

describe('README.md', function () {
  this.timeout(60_000);

  describe('code', () => {
    const project = '.cache/readme';
    let complaints: string;

    before(() => {
      writeProject(project);
      complaints = runNode('node_modules/typescript/bin/tsc', '-p', project).stdout;
    });

    for (const { file } of BLOCKS) {
      it(`${file} compiles against the package`, () => {
        expect(complaints.split('\n').filter((line) => line.includes(file))).to.deep.equal([]);
      });
    }

    for (const { file, output } of BLOCKS) {
      if (output === undefined) continue;

      it(`${file} prints what the README says`, () => {
        const { stdout, stderr } = runNode(`${project}/${file.replace(/ts$/, 'js')}`);

        expect(stderr).to.equal('');
        expect(stdout).to.equal(output);
      });
    }

    it('the package can be required', () => {
      const [, code = ''] = /^```js\n(.*?)^```\n/ms.exec(README) ?? [];
      writeFileSync(join(ROOT, project, 'required.cjs'), `${code}install; postSave;`);

      expect(code).to.include('require(');
      expect(runNode(`${project}/required.cjs`).stderr).to.equal('');
    });

    it('nothing else is wrong with it', () => {
      expect(complaints).to.equal('');
    });
  });

  it('names each error code, with its class, and no others', () => {
    const declared = read('lib/base/errors.ts').match(/(?<=\| ')SIGNALS_\w+/g) ?? [];
    const named = [...README.matchAll(/^\| `(SIGNALS_\w+)` \| `\w+Error` \|/gm)];

    expect(named.map(([, code]) => code).sort()).to.deep.equal([...declared].sort());
  });

  it('has each signal in its tables, and no others', () => {
    const exported = Object.entries(library).filter(([, value]) => value instanceof library.Signal);
    const tables = README.match(/^\| Signal \|.*\n(?:\|.*\n)*/gm) ?? [];
    const named = tables.flatMap((table) =>
      [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(
        ([, cell = '']) => cell.match(/(?<=`)\w+/g) ?? [],
      ),
    );

    expect(named.sort()).to.deep.equal(exported.map(([name]) => name).sort());
  });

  it('links to files and headings that exist', () => {
    const links = [...README.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    const headings = [...README.matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => anchorOf(text));

    const broken = links.filter(([, path, anchor]) =>
      path ? !existsSync(join(ROOT, path)) : !headings.includes(anchor ?? ''),
    );
    expect(broken.map(([link]) => link)).to.deep.equal([]);
  });
});

/** A block is named by its first line, as in `// shop.ts`, or else by its place in the README. */
function asBlock({ 1: code = '', 2: output, index }: RegExpExecArray): Block {
  const line = README.slice(0, index).split('\n').length;
  return { file: /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `line-${line}.ts`, code, output };
}

/** Writes the blocks as a project of somebody who has installed the package. */
function writeProject(folder: string): void {
  const path = join(ROOT, folder);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(join(path, 'node_modules'), { recursive: true });
  symlinkSync(ROOT, join(path, 'node_modules', 'sequelize-signals'), 'junction');
  for (const { file, code } of BLOCKS) writeFileSync(join(path, file), code);
  writeFileSync(join(path, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(
    join(path, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2023',
        module: 'node20',
        lib: ['es2023', 'esnext.disposable', 'esnext.decorators'],
        types: ['node'],
        strict: true,
        exactOptionalPropertyTypes: true,
        // Sequelize's own declarations do not pass otherwise.
        skipLibCheck: true,
      },
      include: ['*.ts'],
    }),
  );
}

/** The anchor that GitHub gives to a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}
