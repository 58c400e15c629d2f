import { expect } from 'chai';
import type { Transaction } from 'sequelize';
import { atomic, onCommit } from 'sequelize-signals';
import { FORMS } from '../support/forms.js';
import { describeTransactions } from '../support/ledger.js';
import { captureLog } from '../support/logged.js';
import { ODD_NAMES, ODD_THROWN } from '../support/odd-values.js';
import { rejectionOf } from '../support/rejection.js';

describeTransactions('a failing callback', (bench) => {
  const logged = captureLog();

  const FAILURES: Record<string, () => unknown> = {
    'throws at once': () => {
      throw new Error('of the callback');
    },
    'rejects later': async () => {
      await bench.ledger.entries.count();
      throw new Error('of the callback');
    },
    'loses a block of its own': () =>
      atomic(async () => {
        await bench.ledger.write('undone');
        throw new Error('of the callback');
      }),
    'leaves a transaction open and throws': async () => {
      await bench.ledger.write('left open', await bench.sequelize.transaction());
      throw new Error('of the callback');
    },
  };

  for (const form of FORMS) {
    for (const [how, fail] of Object.entries(FAILURES)) {
      it(`that ${how} leaves the data of ${form.title} stored and its connection free`, async () => {
        const error = await rejectionOf(
          form.run(bench.sequelize, async (t) => {
            await doInside(t, 'first');
            await onCommit(fail, { transaction: t });
            await doInside(t, 'second');
          }),
        );

        expect(error.message).to.equal('of the callback');
        await bench.ledger.expectDone(['first', 'second'], ['first']);
      });

      it(`that ${how} is logged after ${form.title} when it is robust`, async () => {
        await form.run(bench.sequelize, async (t) => {
          await doInside(t, 'first');
          await onCommit(fail, { transaction: t, robust: true });
          await doInside(t, 'second');
        });

        expect(logged().map(([, error]) => (error as Error).message)).to.deep.equal([
          'of the callback',
        ]);
        await bench.ledger.expectDone(['first', 'second']);
      });
    }

    for (const [what, thrown] of Object.entries(ODD_THROWN)) {
      it(`that throws ${what} after ${form.title} is logged, and the next one runs`, async () => {
        await form.run(bench.sequelize, async (t) => {
          await onCommit(() => Promise.reject(thrown), { transaction: t, robust: true });
          await onCommit(bench.ledger.callback('next'), { transaction: t });
        });

        expect(logged().map(([, error]) => error === thrown)).to.deep.equal([true]);
        await bench.ledger.expectDone([], ['next']);
      });
    }

    it(`of afterCommit() in ${form.title} is as one of onCommit() (J-18)`, async () => {
      const error = await rejectionOf(
        form.run(bench.sequelize, async (t) => {
          await doInside(t, 'stored');
          t.afterCommit(() => Promise.reject(new Error('of afterCommit()')));
          await onCommit(bench.ledger.callback('never'), { transaction: t });
        }),
      );

      expect(error.message).to.equal('of afterCommit()');
      await bench.ledger.expectDone(['stored']);
    });
  }

  for (const [how, named] of Object.entries(ODD_NAMES)) {
    it(`whose name ${how} is logged when it is robust, and the next one runs`, async () => {
      const fail = named(() => {
        throw new Error('of the callback');
      });

      await onCommit(fail, { robust: true });
      await atomic(async () => {
        await onCommit(fail, { robust: true });
        await onCommit(bench.ledger.callback('next'));
      });

      expect(logged().map(([message]) => message)).to.deep.equal([
        'The onCommit callback "anonymous" failed outside of a transaction: of the callback',
        'The onCommit callback "anonymous" failed after the commit: of the callback',
      ]);
      await bench.ledger.expectDone([], ['next']);
    });

    it(`is named in no way by a block whose function's name ${how}`, async () => {
      const error = await rejectionOf(
        atomic(
          named(async () => {
            await rejectionOf(bench.sequelize.query('SELECT nothing FROM nowhere'));
          }),
        ),
      );

      expect(error).to.include({ code: 'SIGNALS_ROLLED_BACK' });
      expect(error.message).to.match(/^atomic block #\d+ was rolled back/);
    });
  }

  async function doInside(t: Transaction, name: string): Promise<void> {
    await bench.ledger.write(name, t);
    await onCommit(bench.ledger.callback(name), { transaction: t });
  }
});
