import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { runNode } from '../support/program.js';
import { ROOT, read } from '../support/repository.js';

const NAMES = readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

describe('examples', function () {
  // Each run starts Node.js and a database of its own, beside whatever else the machine does.
  this.timeout(60_000);

  for (const name of NAMES) {
    it(`${name} prints its output.txt and nothing else`, () => {
      const { stdout, stderr, status } = runNode(`.cache/examples/${name}/index.js`);

      expect(stderr).to.equal('');
      expect(stdout).to.equal(read(`examples/${name}/output.txt`));
      expect(status).to.equal(0);
    });
  }

  it('shop-http passes its own test', () => {
    const { stdout, status } = runNode('--test', '.cache/examples/shop-http/shop.test.js');

    expect(status, stdout).to.equal(0);
    expect(stdout).to.match(/pass 3\b/);
  });

  it('npm start runs all of them, each under a heading', () => {
    const { stdout, stderr, status } = runNode('.cache/examples/index.js');

    const headings = [...stdout.matchAll(/^=== ([\w-]+): ./gm)].map(([, name]) => name);
    expect(stderr).to.equal('');
    expect(headings.sort()).to.deep.equal(NAMES);
    expect(status).to.equal(0);
  });

  it('npm start runs those that are asked for', () => {
    const { stdout } = runNode('.cache/examples/index.js', 'transaction-hooks');

    expect(stdout.endsWith(read('examples/transaction-hooks/output.txt'))).to.equal(true);
    expect(stdout.match(/^===/gm)).to.have.length(1);
  });

  it('npm start names the examples when it is asked for another', () => {
    const { stdout, stderr, status } = runNode('.cache/examples/index.js', 'nothing');

    expect(stdout).to.equal('');
    for (const name of NAMES) expect(stderr).to.include(name);
    expect(status).to.equal(1);
  });
});
