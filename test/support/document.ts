import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { runNode } from './program.js';
import { ROOT, read } from './repository.js';

/** A fenced block of code, and the block of text below it, which is what it prints. */
interface Block {
  readonly file: string;
  readonly code: string;
  readonly output: string | undefined;
}

/**
 * Declares that the code of a document compiles against the package, and that each block prints the
 * text below it. A block is named by its first line, as in `// shop.ts`, or else by its place.
 *
 * @param project - the folder that is written, of a project of somebody who installed the package.
 */
export function describeCode(document: string, project: string): void {
  const text = read(document);
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```\n(?:\s*^```text\n(.*?)^```\n)?/gms)].map(
    ({ 1: code = '', 2: output, index }): Block => {
      const line = text.slice(0, index).split('\n').length;
      return { file: /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `line-${line}.ts`, code, output };
    },
  );

  describe('code', () => {
    let complaints: string;

    before(() => {
      writeProject(project, blocks);
      complaints = runNode('node_modules/typescript/bin/tsc', '-p', project).stdout;
    });

    for (const { file } of blocks) {
      it(`${file} compiles against the package`, () => {
        expect(complaints.split('\n').filter((line) => line.includes(file))).to.deep.equal([]);
      });
    }

    for (const { file, output } of blocks) {
      if (output === undefined) continue;

      it(`${file} prints what the document says`, () => {
        const { stdout, stderr } = runNode(`${project}/${file.replace(/ts$/, 'js')}`);

        expect(stderr).to.equal('');
        expect(stdout).to.equal(output);
      });
    }

    it('has nothing else wrong with it', () => {
      expect(complaints).to.equal('');
    });
  });
}

function writeProject(folder: string, blocks: readonly Block[]): void {
  const path = join(ROOT, folder);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(join(path, 'node_modules'), { recursive: true });
  symlinkSync(ROOT, join(path, 'node_modules', 'sequelize-signals'), 'junction');
  for (const { file, code } of blocks) writeFileSync(join(path, file), code);
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
