import { expect } from 'chai';
import { atomic, type Connection, configure, install, onCommit, Signal } from 'sequelize-signals';
import { fake, replace, useFakeTimers } from 'sinon';
import { describeOnEachDatabase } from '../support/databases.js';
import { deferred } from '../support/deferred.js';

function failing(): never {
  throw new Error('of the logger');
}

/** Loggers that fail, each in another way. */
const LOGGERS: Readonly<Record<string, () => unknown>> = {
  'that throws': failing,
  'that rejects': async () => failing(),
};

describeOnEachDatabase('a logger', (database) => {
  let connection: Connection;
  const onConsole = fake();

  before(() => {
    connection = install(database.connect());
  });
  afterEach(() => configure({ logger: null }));
  after(() => connection.uninstall());

  for (const [how, log] of Object.entries(LOGGERS)) {
    describe(how, () => {
      beforeEach(() => {
        onConsole.resetHistory();
        replace(console, 'error', onConsole);
        configure({ logger: { error: log, warn: log } });
      });

      it('drops no callback that comes later', async () => {
        const next = fake();

        await atomic(async () => {
          await onCommit(() => Promise.reject(new Error('of the callback')), { robust: true });
          await onCommit(next);
        });

        expect(next.callCount).to.equal(1);
      });

      it('drops no receiver that comes later', async () => {
        const signal = new Signal();
        signal.connect(() => Promise.reject(new Error('of the receiver')));
        signal.connect(() => 'fine');

        const responses = await signal.sendRobust('sender');

        expect(responses[1]?.[1]).to.equal('fine');
      });

      it('does not end the process from the timer of a long wait', async () => {
        const clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
        const release = deferred();

        const blocks = atomic(() => Promise.all([atomic(() => release.promise), atomic(() => {})]));
        await clock.tickAsync(10_000);
        release.resolve();
        await blocks;

        expect(onConsole.args.join()).to.include('has waited 10 seconds');
      });

      it('leaves what it was to say to the console', async () => {
        await onCommit(() => Promise.reject(new Error('of the callback')), { robust: true });
        await new Promise(setImmediate);

        expect(onConsole.args.join()).to.include('of the callback').and.include('of the logger');
      });
    });
  }

  it('may be a console that fails', async () => {
    const [broken, next] = [fake(failing), fake()];
    replace(console, 'error', broken);

    await atomic(async () => {
      await onCommit(() => Promise.reject(new Error('of the callback')), { robust: true });
      await onCommit(next);
    });

    expect([broken.called, next.called]).to.deep.equal([true, true]);
  });
});
