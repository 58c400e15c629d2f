import { expect } from 'chai';
import { describeCode } from '../support/document.js';
import { manifest, read } from '../support/repository.js';

describe('docs/requests.md', function () {
  this.timeout(60_000);

  describeCode('docs/requests.md', '.cache/requests');

  it('has the options that there are', () => {
    const declared = read('lib/requests/view-options.ts').match(/(?<=readonly )\w+(?=\?)/g) ?? [];
    const [, table = ''] = /^\| Option \|.*\n((?:\|.*\n)*)/m.exec(read('docs/requests.md')) ?? [];
    const named = table.match(/(?<=^\| [^|]*`)\w+/gm) ?? [];

    expect(named).to.include.members([...declared]);
  });

  it('has the entry points that there are', () => {
    const entries = Object.keys(manifest().exports).filter((entry) =>
      /^\.\/(http|express|fastify|koa)$/.test(entry),
    );

    for (const entry of entries) expect(read('docs/requests.md')).to.include(entry.slice(1));
  });
});
