import { expect } from 'chai';
import { Sequelize } from 'sequelize';
import {
  atomic,
  configure,
  install,
  onCommit,
  postSave,
  receiver,
  Signal,
  transaction,
} from 'sequelize-signals';
import {
  captureOnCommitCallbacks,
  failCommit,
  falseCommit,
  muteSignals,
  recordSignal,
  testTransaction,
} from 'sequelize-signals/testing';
import { connectUmzug, type UmzugLike } from 'sequelize-signals/umzug';
import { rejectionOf } from '../support/rejection.js';

const nothing = () => {};
const signal = new Signal({ name: 'sent' });
const umzug = { up() {}, down() {}, pending() {}, executed() {} } as unknown as UmzugLike;
const sequelize = new Sequelize({ dialect: 'sqlite', logging: false });

/** Each call that takes options, with one that is misspelt: `{ [misspelt]: value }`. */
const CALLS: readonly [
  call: string,
  misspelt: string,
  meant: string,
  run: (options: never) => unknown,
][] = [
  ['install()', 'usnig', 'using', (options) => install(sequelize, options)],
  ['configure()', 'loger', 'logger', (options) => configure(options)],
  ['atomic()', 'savepiont', 'savepoint', (options) => atomic(options, nothing)],
  ['onCommit()', 'robsut', 'robust', (options) => onCommit(nothing, options)],
  ['transaction.outside()', 'usign', 'using', (options) => transaction.outside(nothing, options)],
  ['transaction.current()', 'Using', 'using', (options) => transaction.current(options)],
  ['transaction.inAtomicBlock()', 'usin', 'using', (o) => transaction.inAtomicBlock(o)],
  ['transaction.setRollback()', 'usin', 'using', (o) => transaction.setRollback(true, o)],
  ['transaction.getRollback()', 'usin', 'using', (o) => transaction.getRollback(o)],
  ['transaction.savepoint()', 'usin', 'using', (o) => transaction.savepoint(o)],
  ['transaction.savepointCommit()', 'usin', 'using', (o) => transaction.savepointCommit('', o)],
  ['transaction.savepointRollback()', 'usin', 'using', (o) => transaction.savepointRollback('', o)],
  [
    'transaction.signals.postCommit.disconnect()',
    'usin',
    'using',
    (o) => transaction.signals.postCommit.disconnect(nothing, o),
  ],
  [
    'transaction.signals.postRollback.hasListeners()',
    'usin',
    'using',
    (o) => transaction.signals.postRollback.hasListeners(o),
  ],
  ['new Signal()', 'nam', 'name', (options) => new Signal(options)],
  ['connect()', 'dispatchUID', 'dispatchUid', (options) => signal.connect(nothing, options)],
  ['connect()', 'sendr', 'sender', (options) => postSave.connect(nothing, options)],
  ['disconnect()', 'dispatchUID', 'dispatchUid', (o) => signal.disconnect(nothing, o)],
  ['receiver()', 'weka', 'weak', (options) => receiver(signal, options)],
  ['connectUmzug()', 'usng', 'using', (options) => connectUmzug(umzug, options)],
  ['muteSignals()', 'exept', 'except', (options) => muteSignals(signal, options)],
  ['recordSignal()', 'sendre', 'sender', (options) => recordSignal(signal, options)],
  ['testTransaction()', 'oncommit', 'onCommit', (options) => testTransaction(options)],
  [
    'captureOnCommitCallbacks()',
    'exceute',
    'execute',
    (options) => captureOnCommitCallbacks(options, nothing),
  ],
  ['failCommit()', 'eror', 'error', (options) => failCommit(options)],
  ['falseCommit()', 'usig', 'using', (options) => falseCommit(options)],
];

describe('options', () => {
  for (const [call, misspelt, meant, run] of CALLS) {
    it(`of ${call} named "${misspelt}" are refused with the nearest that there is`, async () => {
      const error = await rejectionOf(() => run({ [misspelt]: true } as never));

      expect(error).to.include({ code: 'SIGNALS_INVALID_ARGUMENT' });
      expect(error.message).to.include(
        `${call} has no option "${misspelt}". Did you mean "${meant}"?`,
      );
    });

    it(`of ${call} that are an array are refused`, async () => {
      const error = await rejectionOf(() => run([] as never));

      expect(error).to.include({ code: 'SIGNALS_INVALID_ARGUMENT' });
    });
  }

  it('that are like none that there is are listed without a guess', () => {
    expect(() => new Signal({ providing_args: [] } as never)).to.throw(
      'new Signal() has no option "providing_args". It has: name.',
    );
  });

  it('of the wrong kind are refused with what they must be', () => {
    const options = { robust: 'yes' } as never;

    expect(() => onCommit(nothing, options)).to.throw(
      'The option "robust" of onCommit() must be true or false, not \'yes\'.',
    );
  });

  it('that are undefined count as left out', () => {
    expect(new Signal({ name: undefined }).name).to.equal('signal');
  });

  it('that every object inherits are none that there is', () => {
    const options = JSON.parse('{ "constructor": true }');

    expect(() => new Signal(options)).to.throw('has no option "constructor"');
  });
});
