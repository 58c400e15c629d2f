import { expect } from 'chai';
import { configure } from 'sequelize-signals';
import { fake } from 'sinon';
import { CONFORMANCE_DIR, conformanceProgram } from '../support/conformance.js';
import {
  type DispatchManner,
  type DispatchProgram,
  type DispatchTrace,
  runDispatchProgram,
} from './dispatch-program.js';

const recordings = conformanceProgram<DispatchProgram, DispatchTrace>('dispatch');

const AWAITED = { send: 'send', robust: 'sendRobust' } as const;
const AT_ONCE = { send: 'sendSync', robust: 'sendRobustSync' } as const;

const MANNERS: readonly DispatchManner[] = [
  { title: 'awaited, all receivers synchronous', ...AWAITED, isAsync: () => false },
  { title: 'awaited, all receivers asynchronous', ...AWAITED, isAsync: () => true },
  { title: 'awaited, even receivers asynchronous', ...AWAITED, isAsync: (r) => r % 2 === 0 },
  { title: 'awaited, odd receivers asynchronous', ...AWAITED, isAsync: (r) => r % 2 === 1 },
  { title: 'at once', ...AT_ONCE, isAsync: () => false },
];

if (recordings === undefined) {
  it(`signals as Django sends them (skipped: no recordings in ${CONFORMANCE_DIR})`);
} else {
  describe('signals as Django sends them', () => {
    beforeEach(() => configure({ logger: { error: fake(), warn: fake() } }));
    afterEach(() => configure({ logger: null }));

    for (const manner of MANNERS) {
      it(`${recordings.length} programs give the recorded traces when sent ${manner.title}`, async () => {
        for (const [index, { program, trace }] of recordings.entries()) {
          const actual = await runDispatchProgram(program, manner);

          expect(actual, `line ${index + 1}: ${JSON.stringify(program)}`).to.deep.equal(trace);
        }
      });
    }
  });
}
