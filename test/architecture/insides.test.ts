import { expect } from 'chai';
import { filesUnder, read } from '../support/repository.js';

/**
 * The members and options of Sequelize that the library uses and its documentation does not
 * promise. A word that others use as well, such as `name`, cannot be in this list; whoever needs
 * such a member gives it a name of ours in lib/sequelize/ all the same.
 */
const INSIDES = [
  // of the class and its instances
  ...['_cls', 'connectionManager', 'getConnection', 'queryGenerator', 'rollbackTransaction'],
  ...['startTransactionQuery', 'commitTransactionQuery', 'rollbackTransactionQuery'],
  ...['quoteIdentifier', 'modelManager', 'addModel', 'removeModel', '_connect'],
  ...['supportsSearchPath', 'completesTransaction'],
  // of transactions
  ...['finished', 'setDeferrable', 'cleanup', 'forceCleanup'],
  // of models
  ...['runHooks', '_initValues', '_scope', '_schema', '_timestampAttributes', 'defaultFields'],
  ...['_versionAttribute', '_getDefaultTimestamp', 'tableAttributes', 'fieldRawAttributesMap'],
  // of instances
  ...['_previousDataValues', '_changed', '_options', 'includeNames'],
  // of associations
  ...['associationType', 'identifier', 'foreignIdentifier', 'sourceKey', 'targetKey', 'paired'],
  ...['useHooks'],
];

const FILES = filesUnder('lib', '.ts');

describe("Sequelize's insides", () => {
  it('have a name in lib/sequelize/ and nowhere else', () => {
    const faults = FILES.filter((file) => !file.startsWith('lib/sequelize/')).flatMap((file) =>
      INSIDES.filter((inside) => codeOf(file).has(inside)).map(
        (inside) => `${file} names "${inside}". Give it a name of ours in lib/sequelize/.`,
      ),
    );

    expect(faults).to.deep.equal([]);
  });

  it('are listed here because the library uses them', () => {
    const used = FILES.map(codeOf);

    expect(INSIDES.filter((inside) => !used.some((words) => words.has(inside)))).to.deep.equal([]);
  });
});

const wordsByFile = new Map<string, ReadonlySet<string>>();

/** The words of a file, without those in comments. */
function codeOf(file: string): ReadonlySet<string> {
  const known = wordsByFile.get(file);
  if (known !== undefined) return known;

  const code = read(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  const words = new Set(code.match(/[\w$]+/g));
  wordsByFile.set(file, words);
  return words;
}
