import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';

// Garbage is collected on demand only with a flag, and cleanly only where nothing else runs.
const PROGRAM = join(__dirname, 'model-lives-program.js');

describe('what an installed database remembers of models', () => {
  let alive: Record<string, unknown>;

  before(function () {
    this.timeout(60_000);
    const output = execFileSync(process.execPath, ['--expose-gc', PROGRAM], { encoding: 'utf8' });
    alive = JSON.parse(output);
  });

  const titles = [
    'models that were defined anew',
    'models that were linked through the same model as those in their place',
    'memory that 100,000 models took whose methods were replaced',
  ];

  for (const title of titles) {
    it(`keeps none of the ${title}`, () => {
      expect(alive[title]).to.equal(0);
    });
  }
});
