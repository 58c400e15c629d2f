import { expect } from 'chai';
import { filesUnder, type Manifest, read } from '../support/repository.js';
import { RUNNERS } from './consumer-folder.js';

/** The folders whose packages `npm ci` does not install: they have lock files of their own. */
const APART = ['bench', RUNNERS, 'tools'];

interface Locked {
  readonly version?: string;
  /** Where it comes from: an address, or the folder that a link leads to. */
  readonly resolved?: string;
}

describe('what is installed', () => {
  it('by npm ci are less than 600 packages, with those of other platforms', () => {
    expect(Object.keys(lockedIn('.'))).to.have.length.below(600);
  });

  it('by npm ci is nothing that the benchmarks or the tools alone need', () => {
    const sources = ['test', 'examples'].flatMap((folder) => filesUnder(folder, '.ts')).map(read);
    const apart = APART.flatMap((folder) => Object.keys(wantedIn(folder)));

    const unused = Object.keys(wantedIn('.'))
      .filter((name) => apart.includes(name))
      .filter((name) => !sources.some((source) => source.includes(`from '${name}'`)));

    expect(unused).to.deep.equal([]);
  });

  for (const folder of ['.', ...APART]) {
    it(`is locked to exact versions of any registry: ${folder}/package-lock.json`, () => {
      const locked = lockedIn(folder);

      for (const [name, version] of Object.entries(wantedIn(folder))) {
        if (version === 'file:..') continue;
        expect(locked[`node_modules/${name}`]?.version, name).to.equal(withoutAlias(version));
      }
      expect(Object.values(locked).filter(({ resolved }) => resolved?.includes(':'))).to.be.empty;
    });
  }
});

/** The versions by the names of the packages that a folder's package.json asks for. */
function wantedIn(folder: string): Record<string, string> {
  const { dependencies, devDependencies }: Partial<Manifest> = JSON.parse(
    read(`${folder}/package.json`),
  );
  return { ...dependencies, ...devDependencies };
}

/** `npm:express@4.22.3`, under another name, is locked by its version. */
function withoutAlias(version: string): string {
  return version.replace(/^npm:.*@/, '');
}

function lockedIn(folder: string): Record<string, Locked> {
  return JSON.parse(read(`${folder}/package-lock.json`)).packages;
}
