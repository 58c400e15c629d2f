import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express, { type NextFunction, type Request, type Response } from 'express';
import { atomic, onCommit, transaction } from 'sequelize-signals';
import { describeTransactions } from '../support/ledger.js';

/** What a view answers. */
interface Answer {
  readonly status?: number;
  readonly body?: object;
}

describeTransactions('a view of Express in atomic()', (bench) => {
  let server: Server;
  let view: () => Promise<Answer>;
  let inBlock: boolean[];

  const noteWhere = () => inBlock.push(transaction.inAtomicBlock());

  before(async () => {
    const app = express();
    app.use((_request, _response, next) => {
      noteWhere();
      next();
    });
    app.get('/', async (_request, response) => {
      const { status = 200, body = {} } = await atomic(() => view());
      noteWhere();
      response.status(status).json({ ...body, called: bench.ledger.called });
    });
    app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
      noteWhere();
      response.json({ error: error.message });
    });
    server = app.listen(0);
    await once(server, 'listening');
  });
  beforeEach(() => {
    inBlock = [];
  });
  after(() => {
    // Where there is no such database, none was started.
    server?.close();
  });

  async function get(): Promise<[status: number, body: unknown]> {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/`);
    return [response.status, await response.json()];
  }

  it('is in the block, and nothing before or after it is (D-275)', async () => {
    view = async () => {
      noteWhere();
      return {};
    };

    await get();

    expect(inBlock).to.deep.equal([false, true, false]);
  });

  it('may be asynchronous, and its callbacks run before the answer is sent (D-279, D-281)', async () => {
    view = async () => {
      await bench.ledger.do('stored');
      return { body: { called: 'not yet' } };
    };

    expect(await get()).to.deep.equal([200, { called: ['stored'] }]);

    await bench.ledger.expectDone(['stored']);
  });

  it('is rolled back by its error, which a middleware may turn into an answer (D-276)', async () => {
    view = async () => {
      await bench.ledger.do('undone');
      throw new Error('not found');
    };

    expect(await get()).to.deep.equal([200, { error: 'not found' }]);

    expect(inBlock).to.deep.equal([false, false]);
    await bench.ledger.expectDone([]);
  });

  for (const status of [404, 500]) {
    it(`is stored when it answers with ${status} (D-277)`, async () => {
      view = async () => {
        await bench.ledger.do('stored');
        return { status };
      };

      expect(await get()).to.deep.equal([status, { called: ['stored'] }]);

      await bench.ledger.expectDone(['stored']);
    });
  }

  it('may answer and be rolled back all the same (D-278)', async () => {
    view = async () => {
      await bench.ledger.do('undone');
      transaction.setRollback(true);
      return {};
    };

    expect(await get()).to.deep.equal([200, { called: [] }]);

    await bench.ledger.expectDone([]);
  });

  it('fails with the error of a callback, and is stored (D-279)', async () => {
    view = async () => {
      await bench.ledger.write('stored');
      await onCommit(() => Promise.reject(new Error('of the callback')));
      return {};
    };

    expect(await get()).to.deep.equal([200, { error: 'of the callback' }]);

    await bench.ledger.expectDone(['stored'], []);
  });
});
