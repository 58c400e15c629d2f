import { execFileSync } from 'node:child_process';
import { expect } from 'chai';

/**
 * Declares a suite whose cases run in `program`: it prints how much of each was kept alive, by the
 * titles of the cases. Garbage is collected on demand only with a flag, and cleanly only where
 * nothing else runs.
 */
export function describeLives(suite: string, program: string, titles: readonly string[]): void {
  describe(suite, () => {
    let alive: Record<string, unknown>;

    before(function () {
      this.timeout(120_000);
      const output = execFileSync(process.execPath, ['--expose-gc', program], { encoding: 'utf8' });
      alive = JSON.parse(output);
    });

    for (const title of titles) {
      it(`keeps none of the ${title}`, () => {
        expect(alive[title]).to.equal(0);
      });
    }
  });
}
