import { expect } from 'chai';
import { Signal } from 'sequelize-signals';
import * as auth from 'sequelize-signals/auth';
import { describeCode } from '../support/document.js';
import { read } from '../support/repository.js';

describe('docs/logins.md', function () {
  this.timeout(60_000);

  describeCode('docs/logins.md', '.cache/logins');

  it('has the signals that there are', () => {
    const signals = Object.values(auth).filter((value) => value instanceof Signal);
    const [, table = ''] = /^\| Signal \|.*\n((?:\|.*\n)*)/m.exec(read('docs/logins.md')) ?? [];
    const named = table.match(/(?<=^\| `)\w+/gm) ?? [];

    expect(signals.map(({ name }) => name)).to.have.members([...named]);
  });
});
