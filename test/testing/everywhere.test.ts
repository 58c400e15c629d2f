import { expect } from 'chai';
import { atomic, configure, install, onCommit, Signal } from 'sequelize-signals';
import {
  assertNoLeaks,
  captureOnCommitCallbacks,
  LeakError,
  muteSignals,
  testTransaction,
} from 'sequelize-signals/testing';
import { fake } from 'sinon';
import { describeOnEachDatabase } from '../support/databases.js';
import { deferred } from '../support/deferred.js';
import { rejectionOf } from '../support/rejection.js';
import { RequestServer } from '../support/request-server.js';
import { forgetLeaks } from './forget-leaks.js';
import { GuestBook } from './guest-book.js';

describeOnEachDatabase('captureOnCommitCallbacks.everywhere()', (database) => {
  const { everywhere } = captureOnCommitCallbacks;
  const warn = fake();
  let book: GuestBook;
  let server: RequestServer;
  let ran: string[];

  before(async () => {
    book = await GuestBook.open(database);
    server = await RequestServer.start();
  });
  beforeEach(() => {
    ran = [];
    warn.resetHistory();
    configure({ logger: { error: fake(), warn } });
    server.view = () =>
      atomic(async () => {
        await book.write('Ada');
        await onCommit(mail);
      });
  });
  afterEach(async () => {
    configure({ logger: null });
    await book.Guest.destroy({ where: {} });
  });
  after(async () => {
    await server.stop();
    book.close();
  });

  function mail(): void {
    ran.push('mail');
  }

  for (const mode of [undefined, 'run', 'hold'] as const) {
    describe(
      mode ? `with a test transaction that has onCommit: '${mode}'` : 'with real commits',
      () => {
        if (mode) testTransaction.hooks({ beforeEach, afterEach }, { onCommit: mode });

        it('captures the callbacks of requests to a server in this process (D-304)', async () => {
          const callbacks = await everywhere(() => server.request());

          expect(callbacks).to.deep.equal([mail]);
          expect(ran).to.deep.equal([]);
          expect(await book.names()).to.deep.equal(['Ada']);
        });

        it('runs them when all is answered, with { execute: true } (D-308)', async () => {
          const callbacks = await everywhere({ execute: true }, async () => {
            await server.request();
            ran.push('body');
          });

          expect(callbacks).to.deep.equal([mail]);
          expect(ran).to.deep.equal(['body', 'mail']);
        });

        it('captures nothing of a request that is rolled back', async () => {
          const { view } = server;
          server.view = () =>
            atomic(async () => {
              await view();
              throw new Error('no');
            });

          expect(await everywhere(() => server.request())).to.deep.equal([]);
        });
      },
    );
  }

  it('lists what a request sends from a callback, and that runs at its own commit (D-310)', async () => {
    const visit = async (): Promise<void> => {
      await server.request();
      ran.push('visited');
    };

    const callbacks = await everywhere({ execute: true }, () => onCommit(visit));

    expect(callbacks).to.deep.equal([visit, mail]);
    expect(ran).to.deep.equal(['mail', 'visited']);
  });

  it('ends with its function, also when that fails (D-313)', async () => {
    const failure = new Error('no');
    const rejection = await rejectionOf(
      everywhere({ execute: true }, async () => {
        await server.request();
        throw failure;
      }),
    );
    await book.Guest.destroy({ where: {} });
    await server.request();

    expect(rejection).to.equal(failure);
    expect(ran).to.deep.equal(['mail']);
  });

  it('nests: the inner one has what comes while it goes on (D-314)', async () => {
    const [outer, inner] = [() => {}, () => {}];
    let taken: unknown;

    const callbacks = await everywhere(async () => {
      await onCommit(outer);
      taken = await everywhere(async () => {
        await onCommit(inner);
        await server.request();
      });
      await onCommit(outer);
    });

    expect(taken).to.deep.equal([inner, mail]);
    expect(callbacks).to.deep.equal([outer, outer]);
  });

  it('leaves to the capture of a flow what that flow registers, inside of it and beside it', async () => {
    const own = (): void => {};
    let inside: unknown;

    const [, callbacks] = await Promise.all([
      captureOnCommitCallbacks(async () => {
        inside = await captureOnCommitCallbacks(() => onCommit(own));
      }),
      everywhere(async () => {
        const captured = await captureOnCommitCallbacks(() => onCommit(own));
        expect(captured).to.deep.equal([own]);
        await server.request();
      }),
    ]);

    expect(inside).to.deep.equal([own]);
    expect(callbacks).to.deep.equal([mail]);
  });

  it('has what comes in its own flow, also inside the capture of a flow', async () => {
    const own = (): void => {};
    let inside: unknown;

    const outside = await captureOnCommitCallbacks(async () => {
      inside = await everywhere(() => onCommit(own));
    });

    expect(inside).to.deep.equal([own]);
    expect(outside).to.deep.equal([]);
  });

  it('is refused while a test beside it does so, which is not disturbed', async () => {
    const body = deferred();
    const first = everywhere(async () => {
      await body.promise;
      await server.request();
    });
    const rejection = await rejectionOf(everywhere(() => {}));
    body.resolve();

    expect(rejection).to.have.property('code', 'SIGNALS_IN_USE');
    expect(rejection.message).to.match(/database "default" everywhere.*one after another/);
    expect(await first).to.deep.equal([mail]);
    expect(await everywhere(() => onCommit(mail))).to.deep.equal([mail]);
  });

  it('captures those of one database', async () => {
    const other = install(database.connect(), { using: 'other' });
    server.view = () => other.onCommit(mail);

    const ofDefault = await everywhere(() => server.request());
    const ofOther = await everywhere({ using: 'other' }, () => server.request());

    expect([ofDefault, ofOther]).to.deep.equal([[], [mail]]);
    expect(ran).to.deep.equal(['mail']);
    other.uninstall();
  });

  it('is a leak while it goes on', async () => {
    forgetLeaks();
    const body = deferred();
    const capture = everywhere(() => body.promise);

    expect(() => assertNoLeaks()).to.throw(
      LeakError,
      'captureOnCommitCallbacks.everywhere() goes on',
    );
    body.resolve();
    await capture;
  });

  it('refuses wrong arguments at the call', () => {
    const given = everywhere as (...given: unknown[]) => unknown;

    expect(() => given({})).to.throw(TypeError, /everywhere\(\) needs a function/);
    expect(() => given({ executed: true }, () => {})).to.throw(TypeError, /"execute"/);
  });

  describe('is recommended by a capture of one flow', () => {
    it('that captures nothing, while the callback of another flow runs', async () => {
      const callbacks = await captureOnCommitCallbacks(() => server.request());

      expect(callbacks).to.deep.equal([]);
      expect(ran).to.deep.equal(['mail']);
      expect(warn.args).to.have.length(1);
      expect(warn.args[0]?.[0]).to.match(
        /captured nothing.*"mail".*captureOnCommitCallbacks\.everywhere\(\)/,
      );
    });

    it('also where that is registered outside of a block, or is held back', async () => {
      const test = testTransaction({ onCommit: 'hold' });
      server.view = () => onCommit(mail);
      await captureOnCommitCallbacks(() => server.request());
      await test.begin();
      await captureOnCommitCallbacks(() => server.request());
      await test.rollback();

      expect(warn.args).to.have.length(2);
    });

    it('and by none that captures something, that fails, or beside which nothing ran', async () => {
      await captureOnCommitCallbacks(async () => {
        await onCommit(mail);
        await server.request();
      });
      await book.Guest.destroy({ where: {} });
      await rejectionOf(
        captureOnCommitCallbacks(async () => {
          await server.request();
          throw new Error('no');
        }),
      );
      server.view = () =>
        atomic(async () => {
          await onCommit(mail);
          throw new Error('no');
        });
      await captureOnCommitCallbacks(() => server.request());
      await captureOnCommitCallbacks(() => captureOnCommitCallbacks(() => onCommit(mail)));

      expect(warn.args).to.deep.equal([]);
    });
  });
});

describe('muteSignals().everywhere() with a function', () => {
  const signal = new Signal<{ total: number }>({ name: 'orderPaid' });
  let server: RequestServer;
  let heard: unknown[];
  let undo: () => void;

  before(async () => {
    server = await RequestServer.start();
    server.view = () => signal.send('shop', { total: 1 });
  });
  beforeEach(() => {
    heard = [];
    undo = signal.connect((event) => heard.push(event.sender));
  });
  afterEach(() => undo());
  after(() => server.stop());

  it('mutes what requests to a server in this process send, and lists it (D-324)', async () => {
    const mute = muteSignals(signal);

    const [status, suppressed] = await mute.everywhere(async (muted) => [
      await server.request(),
      muted.suppressed,
    ]);
    await server.request();

    expect(status).to.equal(200);
    expect(suppressed).to.have.length(1);
    expect(mute.suppressed).to.deep.equal(suppressed);
    expect(heard).to.deep.equal(['shop']);
  });

  it('ends with its function, also when that fails or throws (D-323)', async () => {
    const failure = new Error('no');
    const mute = muteSignals(signal);
    const rejections = [
      await rejectionOf(mute.everywhere(() => Promise.reject(failure))),
      await rejectionOf(
        mute.everywhere(() => {
          throw failure;
        }),
      ),
    ];
    await server.request();

    expect(rejections).to.deep.equal([failure, failure]);
    expect(heard).to.deep.equal(['shop']);
  });

  it('nests and overlaps in any way (D-320)', async () => {
    const mute = muteSignals(signal);
    const [first, second] = [deferred(), deferred()];
    const overlapping = [
      mute.everywhere(() => first.promise),
      mute.everywhere(() => second.promise),
    ];
    await mute.everywhere(() => mute.everywhere(() => {}));
    first.resolve();
    await overlapping[0];
    await server.request();
    second.resolve();
    await overlapping[1];
    await server.request();

    expect(heard).to.deep.equal(['shop']);
  });

  it('runs nothing but a function', () => {
    const given = muteSignals(signal).everywhere as (given: unknown) => unknown;

    expect(() => given('shop')).to.throw(TypeError, /runs a function, not 'shop'/);
    expect(signal.hasListeners()).to.equal(true);
  });
});
