import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';

// Garbage is collected on demand only with a flag, and cleanly only where nothing else runs.
const PROGRAM = join(__dirname, 'instance-lives-program.js');

describe('what a block remembers of instances', () => {
  let alive: Record<string, unknown>;

  before(function () {
    this.timeout(60_000);
    const output = execFileSync(process.execPath, ['--expose-gc', PROGRAM], { encoding: 'utf8' });
    alive = JSON.parse(output);
  });

  const titles = [
    'instances that a block has made, and nobody holds',
    'values that an instance had between the nested blocks of one that goes on',
    'values that an instance had before a block whose transaction is kept',
    'memory that 50,000 things took that nobody holds',
  ];

  for (const title of titles) {
    it(`keeps none of the ${title}`, () => {
      expect(alive[title]).to.equal(0);
    });
  }
});
