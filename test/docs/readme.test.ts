import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import * as library from 'sequelize-signals';
import { describeCode } from '../support/document.js';
import { runNode } from '../support/program.js';
import { ROOT, read } from '../support/repository.js';

const README = read('README.md');
const PROJECT = '.cache/readme';

describe('README.md', function () {
  this.timeout(60_000);

  describeCode('README.md', PROJECT);

  // A suite of its own, to come after the one that writes the project.
  describe('JavaScript', () => {
    it('shows how the package is required', () => {
      const [, code = ''] = /^```js\n(.*?)^```\n/ms.exec(README) ?? [];
      writeFileSync(join(ROOT, PROJECT, 'required.cjs'), `${code}install; postSave;`);

      expect(code).to.include('require(');
      expect(runNode(`${PROJECT}/required.cjs`).stderr).to.equal('');
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

/** The anchor that GitHub gives to a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}
