import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';

// Garbage is collected on demand only with a flag, and cleanly only where nothing else runs.
const PROGRAM = join(__dirname, 'lives-program.js');

describe('what a test remembers while it goes on', () => {
  let alive: Record<string, unknown>;

  before(function () {
    this.timeout(60_000);
    const output = execFileSync(process.execPath, ['--expose-gc', PROGRAM], { encoding: 'utf8' });
    alive = JSON.parse(output);
  });

  const titles = [
    'blocks that sent nothing',
    'blocks that sent queries',
    'mutes that a flow went on from',
  ];

  for (const title of titles) {
    it(`keeps none of the ${title}`, () => {
      expect(alive[title]).to.equal(0);
    });
  }
});
