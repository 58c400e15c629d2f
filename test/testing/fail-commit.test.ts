import { expect } from 'chai';
import { atomic, onCommit, postRollback, RolledBackError } from 'sequelize-signals';
import { failCommit, falseCommit, recordSignal, testTransaction } from 'sequelize-signals/testing';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';
import { GuestBook } from './guest-book.js';

describeOnEachDatabase('failCommit() and falseCommit()', (database) => {
  let book: GuestBook;

  before(async () => {
    book = await GuestBook.open(database);
  });
  afterEach(() => book.Guest.destroy({ where: {} }));
  after(() => book.close());

  for (const place of ['real commits', 'a test transaction']) {
    describe(`with ${place}`, () => {
      if (place === 'a test transaction') testTransaction.hooks({ beforeEach, afterEach });

      it('makes the next COMMIT fail: the work is undone, the callbacks are dropped', async () => {
        const error = new Error('disk full');
        let ran = false;
        using rolledBack = recordSignal(postRollback);
        using fault = failCommit({ error });

        const failing = atomic(async () => {
          await book.write('Ada');
          await onCommit(() => {
            ran = true;
          });
        });

        expect(await rejectionOf(failing)).to.equal(error);
        expect(fault.happened).to.equal(true);
        expect(ran).to.equal(false);
        expect(rolledBack.events[0]?.error).to.equal(error);
        expect(await book.names()).to.deep.equal([]);
      });

      it('makes one COMMIT fail for each call, in order', async () => {
        failCommit({ error: new Error('first') });
        failCommit({ error: new Error('second') });
        const errors = [];
        for (const name of ['Ada', 'Ben']) {
          errors.push(await rejectionOf(atomic(() => book.write(name))));
        }
        await atomic(() => book.write('Cyd'));

        expect(errors.map(({ message }) => message)).to.deep.equal(['first', 'second']);
        expect(await book.names()).to.deep.equal(['Cyd']);
      });

      it('fails a commit() of Sequelize', async () => {
        failCommit();
        const t = await book.sequelize.transaction();
        await book.Guest.create({ name: 'Ada' }, { transaction: t });

        expect((await rejectionOf(t.commit())).message).to.include('failCommit()');
        expect(await book.names()).to.deep.equal([]);
      });

      it('lets the block be tried again when the error is a lost race', async () => {
        const attempts: string[] = [];
        failCommit({ error: Object.assign(new Error('serialize'), { code: '40001' }) });
        await atomic({ retry: { times: 1 } }, async () => {
          await book.write('Ada');
          attempts.push('Ada');
        });

        expect(attempts).to.have.length(2);
        expect(await book.names()).to.deep.equal(['Ada']);
      });

      it('ends the next COMMIT as a ROLLBACK (D-254)', async () => {
        using fault = falseCommit();

        const error = await rejectionOf(atomic(() => book.write('Ada')));

        expect(error).to.be.instanceOf(RolledBackError);
        expect(fault.happened).to.equal(true);
        expect(await book.names()).to.deep.equal([]);
      });

      it('leaves savepoints and blocks without a query alone', async () => {
        using fault = failCommit();
        await atomic(async () => {});
        expect(fault.happened).to.equal(false);

        await rejectionOf(
          atomic(async () => {
            await atomic(() => book.write('Ada'));
            expect(fault.happened).to.equal(false);
          }),
        );
        expect(fault.happened).to.equal(true);
      });

      it('takes the wish back when it is disposed of', async () => {
        const fault = failCommit();
        fault[Symbol.dispose]();
        await atomic(() => book.write('Ada'));

        expect(fault.happened).to.equal(false);
        expect(await book.names()).to.deep.equal(['Ada']);
      });
    });
  }

  it('refuses wrong arguments at the call', () => {
    expect(() => failCommit({ error: 'disk full' as unknown as Error })).to.throw(TypeError);
    expect(() => failCommit({ using: 'nowhere' })).to.throw(/nowhere/);
    expect(() => falseCommit({ error: new Error() } as object)).to.throw(TypeError, /"error"/);
  });
});
