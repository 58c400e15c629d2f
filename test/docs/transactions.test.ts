import { expect } from 'chai';
import { filesUnder, read } from '../support/repository.js';

describe('docs/transactions.md', () => {
  it('has a row for each scenario, in the words of its tests', () => {
    const [raw = '', ours = ''] = read('test/transactions/scenarios.test.ts').split(
      "describeInEachContext('sequelize-signals'",
    );

    expect(tableRows().map(([id, , rawCell]) => `${id}: ${rawCell}`)).to.deep.equal(titles(raw));
    expect(tableRows().map(([id, , , cell]) => `${id}: ${cell}`)).to.deep.equal(titles(ours));
  });

  it('names tests that there are', () => {
    const named = read('docs/transactions.md').matchAll(/\]\(\.\.\/(test\/[^)]+)\)/g);
    const missing = [...named].map(([, path = '']) => path).filter((path) => !tests.includes(path));

    expect(missing).to.deep.equal([]);
  });
});

const tests = filesUnder('test', '.test.ts');

/** The cells of the table's rows. */
function tableRows(): string[][] {
  return read('docs/transactions.md')
    .split('\n')
    .filter((line) => /^\| [ST]\d/.test(line))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
}

/** The titles of the scenarios in a piece of source. */
function titles(source: string): string[] {
  return [...source.matchAll(/\bit\w*\(\s*'([ST]\d+: [^']*)'/g)].map(([, title = '']) => title);
}
