import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { QueryTypes, Sequelize } from 'sequelize';
import { runNode } from '../support/program.js';
import { ROOT } from '../support/repository.js';

describe('a process that dies between COMMIT and a callback', () => {
  const program = relative(ROOT, join(__dirname, 'dying-program.js'));
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sequelize-signals-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('has stored its work, and never runs the callback (D-272)', async () => {
    const storage = join(folder, 'test.sqlite');

    const { status, stdout } = runNode(program, storage);

    const sequelize = new Sequelize({ dialect: 'sqlite', storage, logging: false });
    const rows = await sequelize.query('SELECT customer FROM Orders', { type: QueryTypes.SELECT });
    await sequelize.close();
    expect({ status, stdout, rows }).to.deep.equal({
      status: 7,
      stdout: '',
      rows: [{ customer: 'Ada' }],
    });
  });
});
