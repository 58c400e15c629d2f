import { expect } from 'chai';
import { filesUnder, read } from '../support/repository.js';

const PAGE = 'docs/django.md';
const SCENARIOS = 'docs/transactions.md';
/** What begins the decision of a row. */
const VERDICTS = ['Same.', 'Other:', 'None:'] as const;
/** The behaviours of Django, and the traps of the move to JavaScript. */
const BEHAVIOURS = numbered('D', 345, 3);
const TRAPS = numbered('J', 33, 2);

describe(PAGE, () => {
  it('has a row for each behaviour and each trap, once', () => {
    const found = rows().map(({ number }) => number);
    const wanted = [...BEHAVIOURS, ...TRAPS];
    const faults = [
      ...wanted
        .filter((number) => !found.includes(number))
        .map((number) => `${number} has no row. Add one, with its decision and its tests.`),
      ...found
        .filter((number) => !wanted.includes(number))
        .map((number) => `${number} has a row, but the lists end before it. Remove the row.`),
      ...found
        .filter((number, at) => found.indexOf(number) !== at)
        .map((number) => `${number} has a second row. Remove one of them.`),
    ];

    expect(faults).to.deep.equal([]);
  });

  it('has the rows of each table in order', () => {
    const faults = tables().flatMap((table) =>
      table.slice(1).flatMap(({ number }, at) => {
        const before = table[at]?.number ?? '';
        return before <= number ? [] : [`${number} comes after ${before}. Move it to its place.`];
      }),
    );

    expect(faults).to.deep.equal([]);
  });

  it('says in each row what Django does, what is decided, and where it is tested', () => {
    const faults = rows()
      .filter(({ cells }) => cells.length !== 4 || cells.includes(''))
      .map(({ number }) => `${number} must have four cells with text. A | inside of one is \\|.`);

    expect(faults).to.deep.equal([]);
  });

  it('begins each decision with one of three words', () => {
    const faults = rows()
      .filter(({ verdict }) => verdict === undefined)
      .map(({ number }) => `${number}: begin the third cell with one of ${VERDICTS.join(' ')}`);

    expect(faults).to.deep.equal([]);
  });

  it('says why, unless it is the same', () => {
    const faults = rows()
      .filter(({ verdict, decision }) => verdict !== 'Same.' && decision === verdict)
      .map(({ number, verdict }) => `${number}: say why behind "${verdict}"`);

    expect(faults).to.deep.equal([]);
  });

  it('names a test for each decision, and none where there is nothing to test', () => {
    const faults = rows().flatMap(({ number, verdict, tests }) => {
      if (verdict === 'None:' && tests.length > 0) {
        return [`${number} is "None:" and names a test. Decide otherwise, or name none.`];
      }
      if (verdict !== 'None:' && tests.length === 0) {
        return [`${number} names no test. Link one, as in [signals/send](../test/signals/…).`];
      }
      return [];
    });

    expect(faults).to.deep.equal([]);
  });

  it('names tests that there are, and that have the number in a title', () => {
    const faults = rows().flatMap(({ number, tests }) =>
      tests
        .filter((test) => !titleNumbers(test).has(number))
        .map((test) =>
          TESTS.includes(test)
            ? `${number} names ${test}, where no title has it. Add it to that of the test which pins it.`
            : `${number} names ${test}, which does not exist. Name the test that there is now.`,
        ),
    );

    expect(faults).to.deep.equal([]);
  });

  it('calls each link by the file that it leads to', () => {
    const faults = rows().flatMap(({ number, cells: [, , , links = ''] }) =>
      [...links.matchAll(LINK)]
        .filter(([, text, path]) => `test/${text}.test.ts` !== path)
        .map(([link, , path = '']) => `${number}: ${link} leads to ${path}. Call it by its name.`),
    );

    expect(faults).to.deep.equal([]);
  });

  it('counts its decisions', () => {
    const count = (verdict: string) =>
      rows().filter((row) => row.number.startsWith('D') && row.verdict === verdict).length;
    const [same, other, none] = VERDICTS.map(count);
    const [counted] = /\d+ behaviours: [^.\n]*/.exec(read(PAGE)) ?? [];

    expect(counted, `correct the count in the introduction of ${PAGE}`).to.equal(
      `${BEHAVIOURS.length} behaviours: ${same} same, ${other} other, ${none} not applicable`,
    );
  });
});

describe('the numbers in lib/ and test/', () => {
  it(`have a row in ${PAGE}, which calls for a test where a test has them`, () => {
    const verdicts = new Map(rows().map(({ number, verdict }) => [number, verdict]));
    const faults = uses(/\b[DJ]-\d+\b/g).flatMap(([file, number]) => {
      if (!verdicts.has(number)) {
        return [`${file} speaks of ${number}, which has no row. Correct the number.`];
      }
      if (file.startsWith('test/') && verdicts.get(number) === 'None:') {
        return [`${file} tests ${number}, whose row says "None:". Decide otherwise there.`];
      }
      return [];
    });

    expect(faults).to.deep.equal([]);
  });

  it(`have a row in ${SCENARIOS} where they are of scenarios`, () => {
    const known = [...read(SCENARIOS).matchAll(/^\| ([ST]\d+) /gm)].map(([, number]) => number);
    const faults = uses(/\b[ST]\d+\b/g)
      .filter(([, number]) => !known.includes(number))
      .map(
        ([file, number]) => `${file} speaks of ${number}, which has no row. Correct the number.`,
      );

    expect(faults).to.deep.equal([]);
  });
});

/** One row of a table. */
interface Row {
  readonly number: string;
  readonly cells: readonly string[];
  readonly decision: string;
  readonly verdict: (typeof VERDICTS)[number] | undefined;
  /** The files that it names, from the root. */
  readonly tests: readonly string[];
}

const TESTS = filesUnder('test', '.test.ts');
const LINK = /\[([^\]]*)\]\(\.\.\/(test\/[^)]*)\)/g;

function numbered(letter: string, count: number, digits: number): string[] {
  return Array.from(
    { length: count },
    (_, index) => `${letter}-${String(index + 1).padStart(digits, '0')}`,
  );
}

function rows(): Row[] {
  return tables().flat();
}

/** The rows below each heading. */
function tables(): Row[][] {
  return read(PAGE)
    .split(/^## /m)
    .map((section) => section.split('\n').filter((line) => /^\| [DJ]-\d/.test(line)))
    .map((lines) => lines.map(rowOf));
}

function rowOf(line: string): Row {
  const cells = line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
  const [number = '', , decision = '', links = ''] = cells;
  const verdict = VERDICTS.find((word) => decision === word || decision.startsWith(`${word} `));
  const tests = [...links.matchAll(LINK)].map(([, , path = '']) => path);
  return { number, cells, decision, verdict, tests };
}

const numbersByTest = new Map<string, ReadonlySet<string>>();

/**
 * The numbers in the titles of a test file. Titles may come from tables, so that every string
 * counts; a comment does not.
 */
function titleNumbers(test: string): ReadonlySet<string> {
  const known = numbersByTest.get(test);
  if (known !== undefined) return known;

  const source = TESTS.includes(test) ? read(test) : '';
  const code = source.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/gm, '');
  const numbers = new Set(code.match(/\b[DJ]-\d+\b/g));
  numbersByTest.set(test, numbers);
  return numbers;
}

/** Where numbers occur, in comments or elsewhere: each file with each of its numbers. */
function uses(pattern: RegExp): [file: string, number: string][] {
  return [...filesUnder('lib', '.ts'), ...filesUnder('test', '.ts')].flatMap((file) =>
    [...new Set(read(file).match(pattern))].map((number): [string, string] => [file, number]),
  );
}
