import { expect } from 'chai';
import { cleanCredentials } from 'sequelize-signals/auth';

const STARS = '********************';

describe('cleanCredentials()', () => {
  it('puts stars in the place of what has the name of a secret (D-298)', () => {
    const names = ['api', 'token', 'key', 'secret', 'password', 'signature'];
    const secrets = [...names, ...names.map((name) => `my_${name.toUpperCase()}_2`)];

    const cleaned = cleanCredentials({
      username: 'ada',
      ...Object.fromEntries(secrets.map((name) => [name, 'hidden'])),
    });

    expect(cleaned).to.deep.equal({
      username: 'ada',
      ...Object.fromEntries(secrets.map((name) => [name, STARS])),
    });
  });

  it('does so at any depth, also for secrets that are not texts', () => {
    const cleaned = cleanCredentials({
      user: { name: 'ada', passwords: ['one', 'other'] },
      tries: [{ apiKey: { id: 1 } }, [{ token: null }]],
    });

    expect(cleaned).to.deep.equal({
      user: { name: 'ada', passwords: STARS },
      tries: [{ apiKey: STARS }, [{ token: STARS }]],
    });
  });

  it('does so in Maps and Sets', () => {
    const cleaned = cleanCredentials({
      map: new Map<unknown, unknown>([
        ['password', 'hidden'],
        ['name', { secret: 'hidden' }],
        [{ token: 'hidden' }, 1],
      ]),
      set: new Set([{ key: 'hidden' }]),
    });

    expect(cleaned).to.deep.equal({
      map: new Map<unknown, unknown>([
        ['password', STARS],
        ['name', { secret: STARS }],
        [{ token: STARS }, 1],
      ]),
      set: new Set([{ key: STARS }]),
    });
    expect(cleanCredentials(new Map([['password', 'hidden']]))).to.deep.equal({ password: STARS });
  });

  it('makes a plain copy of what has a class, and follows circles', () => {
    class Login {
      readonly name = 'ada';
      readonly password = 'hidden';
      readonly #password = 'hidden';
      self: unknown = this;
      check = () => this.#password;
    }
    const login = new Login();

    const cleaned = cleanCredentials({ login, again: [login] });

    const copy: Record<string, unknown> = { name: 'ada', password: STARS };
    copy.self = copy;
    expect(cleaned).to.deep.equal({ login: copy, again: [copy] });
    expect(cleaned.login).not.to.be.instanceOf(Login);
  });

  it('leaves what it is given as it is, and leads nowhere back to it', () => {
    const given = { at: new Date(0), deep: { password: 'hidden', list: [1] } };

    const cleaned = cleanCredentials(given) as typeof given;
    cleaned.at.setFullYear(2000);
    cleaned.deep.list.push(2);

    expect(given).to.deep.equal({ at: new Date(0), deep: { password: 'hidden', list: [1] } });
  });

  it('shows no bytes and no functions', () => {
    const bytes = Buffer.from('password=hidden');

    const cleaned = cleanCredentials({
      raw: bytes,
      buffer: bytes.buffer,
      all: [bytes, () => 'hidden'],
      check: () => 'hidden',
    });

    expect(cleaned).to.deep.equal({ raw: STARS, buffer: STARS, all: [STARS, undefined] });
  });

  it('survives what a client may send and an application may have', () => {
    const hostile = JSON.parse('{"__proto__": {"password": "hidden"}, "name": "ada"}');
    Object.defineProperty(hostile, 'broken', {
      enumerable: true,
      get: () => {
        throw new Error('of the getter');
      },
    });

    const cleaned = cleanCredentials(hostile);
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);

    expect(Object.keys(cleaned)).to.deep.equal(['__proto__', 'name', 'broken']);
    expect(Object.getPrototypeOf(cleaned)).to.equal(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(cleaned, '__proto__')?.value).to.deep.equal({
      password: STARS,
    });
    expect(cleanCredentials({ deep }).deep).to.be.an('array');
  });
});
