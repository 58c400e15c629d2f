import { expect } from 'chai';
import { placeInStack } from '#lib/base/index';
import { ODD_THROWN } from '../support/odd-values.js';

describe('placeInStack()', () => {
  function withStack(...lines: string[]): Error {
    return Object.assign(new Error('text'), { stack: ['Error: text', ...lines].join('\n') });
  }

  const stacks: readonly (readonly [string, string, string | undefined])[] = [
    ['a function', '    at charge (/app/till.js:3:9)', '/app/till.js:3:9'],
    ['an asynchronous one', '    at async charge (/app/till.js:3:9)', '/app/till.js:3:9'],
    ['a method', '    at Till.charge (/app/till.js:3:9)', '/app/till.js:3:9'],
    ['a renamed method', '    at Till.charge [as pay] (/app/till.js:3:9)', '/app/till.js:3:9'],
    ['an ES module', '    at charge (file:///app/till.mjs:3:9)', '/app/till.mjs:3:9'],
    ['Windows', '    at charge (C:\\app\\till.js:3:9)', 'C:\\app\\till.js:3:9'],
    ['a function without a name', '    at /app/till.js:3:9', '/app/till.js:3:9'],
    ['nothing', '    at charge (<anonymous>)', undefined],
    ['Node.js alone', '    at charge (node:internal/timers:1:2)', undefined],
    ['a package', '    at charge (/app/node_modules/pg/query.js:1:2)', undefined],
  ];
  for (const [title, line, place] of stacks) {
    it(`finds ${title}`, () => {
      expect(placeInStack(withStack(line), 'charge')).to.equal(place);
    });
  }

  it('prefers the function of the name, and else takes the first file of the application', () => {
    const error = withStack(
      '    at query (/app/node_modules/pg/query.js:1:2)',
      '    at find (/app/orders.js:5:6)',
      '    at async charge (/app/till.js:3:9)',
    );

    expect(placeInStack(error, 'charge')).to.equal('/app/till.js:3:9');
    expect(placeInStack(error, 'ship')).to.equal('/app/orders.js:5:6');
  });

  it('knows a place of the error of a real function', () => {
    function charge() {
      throw new Error('text');
    }
    try {
      charge();
      expect.fail();
    } catch (error) {
      expect(placeInStack(error, 'charge')).to.match(/place-in-stack\.test\.\w+:\d+:\d+$/);
    }
  });

  for (const [what, thrown] of Object.entries(ODD_THROWN)) {
    it(`survives ${what}`, () => {
      expect(() => placeInStack(thrown, 'charge')).not.to.throw();
    });
  }
});
