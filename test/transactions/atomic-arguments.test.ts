import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  type AtomicOptions,
  atomic,
  InvalidArgumentError,
  NotInstalledError,
} from 'sequelize-signals';
import { rejectionOf } from '../support/rejection.js';

// Nothing here gets as far as a database: what is wrong is refused at the call.
describe('the arguments of atomic()', () => {
  it('refuses a generator, whose body would run after the block (D-238, J-30)', async () => {
    const wrap = atomic() as (body: unknown) => unknown;

    for (const generator of [function* () {}, async function* () {}]) {
      expect(() => wrap(generator)).to.throw(InvalidArgumentError, 'generator');
      expect(() => (atomic as (body: unknown) => unknown)(generator)).to.throw(
        InvalidArgumentError,
      );
    }
  });

  it('refuses at the call what is no function', () => {
    const run = atomic as (...parameters: unknown[]) => unknown;

    for (const body of [null, 'name', {}, Promise.resolve()]) {
      expect(() => run({}, body), String(body)).to.throw(InvalidArgumentError);
      expect(() => (run() as typeof run)(body), String(body)).to.throw(InvalidArgumentError);
    }
  });

  it('refuses undefined in the place of the function, where it would wrap instead of run', () => {
    const run = atomic as (...parameters: unknown[]) => unknown;

    expect(() => run({}, undefined)).to.throw(InvalidArgumentError);
    expect(() => run(undefined, undefined)).to.throw(InvalidArgumentError);
  });

  const WRONG: Record<string, unknown> = {
    using: 7,
    savepoint: 'yes',
    durable: 1,
    transaction: 'current',
    isolationLevel: 1,
    readOnly: 'no',
    type: 'SOON',
    deferrable: 7,
    retry: 3,
    retires: { times: 1 },
  };
  for (const [name, value] of Object.entries(WRONG)) {
    it(`refuses the option ${name}: ${JSON.stringify(value)}`, () => {
      const options = { [name]: value } as AtomicOptions;

      expect(() => atomic(options)).to.throw(InvalidArgumentError, `"${name}"`);
      expect(() => atomic(options, () => {})).to.throw(InvalidArgumentError, `"${name}"`);
    });
  }

  const WRONG_RETRIES = [
    null,
    {},
    { times: -1 },
    { times: 1.5 },
    { times: '1' },
    { times: 1, delay: 'long' },
    { times: 1, delay: '5' },
    { times: 1, delay: -1 },
    { times: 1, delay: Number.POSITIVE_INFINITY },
    { times: 1, backoff: 5 },
  ];
  for (const retry of WRONG_RETRIES) {
    it(`refuses the option retry: ${inspect(retry)}`, () => {
      expect(() => atomic({ retry } as AtomicOptions)).to.throw(InvalidArgumentError, '"retry"');
    });
  }

  it('looks behind the function for the context of a decorator, and for nothing else', async () => {
    const run = atomic as (...parameters: unknown[]) => Promise<unknown>;

    for (const second of [null, 0, [], {}]) {
      const error = await rejectionOf(run(() => {}, second));

      expect(error, inspect(second)).to.be.instanceOf(NotInstalledError);
    }
  });

  it('refuses options that are no object', () => {
    for (const options of [[], 'default', 7]) {
      expect(() => atomic(options as AtomicOptions)).to.throw(InvalidArgumentError);
    }
  });

  it('refuses to decorate without parentheses, which would run the method when its class is defined (D-205)', () => {
    const decorate = atomic as unknown as (value: unknown, context: object) => unknown;
    let ran = false;
    const method = () => {
      ran = true;
    };

    expect(() => decorate(method, { kind: 'method', name: 'pay' })).to.throw(
      InvalidArgumentError,
      '@atomic()',
    );
    expect(ran).to.equal(false);
  });
});
