import { expect } from 'chai';
import { onCommit, RolledBackError, transaction } from 'sequelize-signals';
import type { AtomicViewOptions } from 'sequelize-signals/express';
import { gotRequestException } from 'sequelize-signals/http';
import { failCommit, falseCommit } from 'sequelize-signals/testing';
import { fake } from 'sinon';
import { addDebts, defersForeignKeys, owe } from '../support/debts.js';
import { deferred } from '../support/deferred.js';
import { FRAMEWORKS, type PlainView, type Service } from '../support/frameworks.js';
import { describeTransactions } from '../support/ledger.js';
import { captureLog } from '../support/logged.js';
import { DEADLOCK, refusal } from '../support/refusals.js';
import { rejectionOf } from '../support/rejection.js';
import { Site } from '../support/site.js';

for (const framework of FRAMEWORKS) {
  describeTransactions(`an atomic view of ${framework.name}`, (bench) => {
    let site: Site | undefined;
    let failed: unknown[];
    const logged = captureLog();

    beforeEach(() => {
      failed = [];
    });
    afterEach(async () => {
      await site?.close();
      site = undefined;
    });

    async function serve(view: PlainView, service: Partial<Service> = {}): Promise<Site> {
      const note = (error: unknown) => void failed.push(error);
      site = await Site.open(await framework.serve({ failed: note, ...service, view }));
      return site;
    }

    const serveWith = (options: AtomicViewOptions, view: PlainView) => serve(view, { options });

    it('is in the block, and nothing before or after it is (D-275, D-281)', async () => {
      const inBlock: boolean[] = [];
      const note = () => void inBlock.push(transaction.inAtomicBlock());
      const { get } = bind(
        await serve(
          async ({ send }) => {
            note();
            send('answer');
          },
          {
            before: (_request, response) => {
              note();
              for (const event of ['finish', 'close']) response.on(event, note);
            },
          },
        ),
      );

      const { body } = await get();

      expect(body).to.equal('answer');
      expect(inBlock.slice(0, 3)).to.deep.equal([false, true, false]);
    });

    it('is stored and its callbacks have run when its answer leaves (D-279)', async () => {
      const order: string[] = [];
      const { get } = bind(
        await serve(async ({ raw, send }) => {
          await bench.ledger.do('stored');
          await onCommit(async () => {
            order.push(...(await bench.ledger.rows()), `${raw.socket?.bytesWritten} bytes`);
          });
          send('answer');
        }),
      );

      const told = await get();

      expect(told).to.include({ status: 200, body: 'answer' });
      expect(order).to.deep.equal(['stored', '0 bytes']);
      await bench.ledger.expectDone(['stored']);
    });

    it('is rolled back by its error, and its status and headers are gone (D-276)', async () => {
      const { get } = bind(
        await serve(async ({ status, header }) => {
          await bench.ledger.do('undone');
          status(201);
          header('set-cookie', 'of=view');
          throw new Error('of the view');
        }),
      );

      const told = await get();

      expect(told).to.include({ status: 500, body: 'handled of the view' });
      expect(told.headers).not.to.have.property('set-cookie');
      await bench.ledger.expectDone([]);
    });

    it('is rolled back by an error just after its answer', async () => {
      const { get } = bind(
        await serve(async ({ send }) => {
          send('answer');
          throw new Error('of the view');
        }),
      );

      expect(await get()).to.include({ status: 500, body: 'handled of the view' });
    });

    it('is rolled back by an error after its answer', async () => {
      const { get } = bind(
        await serve(async ({ header, send }) => {
          header('set-cookie', 'of=view');
          await bench.ledger.do('undone');
          send('answer');
          await bench.ledger.do('undone too');
          throw new Error('of the view');
        }),
      );

      const told = await get();

      expect(told).to.include({ status: 500, body: 'handled of the view' });
      expect(told.headers).not.to.have.property('set-cookie');
      await bench.ledger.expectDone([]);
    });

    const commits: Record<string, () => () => boolean> = {
      'that fails': () => {
        const fault = failCommit({ error: new Error('disk full') });
        return () => fault.happened;
      },
      'that the server turns into a ROLLBACK': () => {
        const fault = falseCommit();
        return () => fault.happened;
      },
    };
    for (const [what, arrange] of Object.entries(commits)) {
      it(`is told of a COMMIT ${what} by an error, not by its answer`, async () => {
        const happened = arrange();
        const { get } = bind(
          await serve(async ({ status, header, send }) => {
            await bench.ledger.do('undone');
            status(201);
            header('set-cookie', 'of=view');
            send('answer');
          }),
        );

        const told = await get();

        expect(happened()).to.equal(true);
        expect(told.status).to.equal(500);
        expect(told.body).to.contain('handled');
        expect(told.headers).not.to.have.property('set-cookie');
        await bench.ledger.expectDone([]);
      });
    }

    itWhere(defersForeignKeys(bench.database))(
      'is told of a foreign key that is checked at COMMIT',
      async () => {
        await addDebts(bench.sequelize);
        const { get } = bind(
          await serve(async ({ send }) => {
            await bench.ledger.do('undone');
            await owe(bench.sequelize);
            send('answer');
          }),
        );

        const told = await get();

        expect(told.status).to.equal(500);
        await bench.ledger.expectDone([]);
      },
    );

    const session = {
      postgres: ['pg_backend_pid()', 'SELECT pg_terminate_backend($session)'],
      mysql: ['CONNECTION_ID()', 'KILL $session'],
      mariadb: ['CONNECTION_ID()', 'KILL $session'],
    }[bench.database.dialect as string];

    if (session) {
      it('is told of a connection that was killed before COMMIT', async () => {
        const [own, kill = ''] = session;
        const { get } = bind(
          await serve(async ({ send }) => {
            await bench.ledger.do('undone');
            const [[row]] = await bench.sequelize.query(`SELECT ${own} AS id`);
            const { id } = row as { id: number };
            await bench.sequelize.query(kill.replace('$session', String(id)), {
              transaction: null,
            });
            send('answer');
          }),
        );

        const told = await get();

        expect(told.status).to.equal(500);
        await bench.ledger.expectDone([]);
      });
    }

    it('fails with the error of a callback, and is stored (D-279)', async () => {
      const { get } = bind(
        await serve(async ({ send }) => {
          await bench.ledger.write('stored');
          await onCommit(() => Promise.reject(new Error('of the callback')));
          send('answer');
        }),
      );

      const told = await get();

      expect(told).to.include({ status: 500, body: 'handled of the callback' });
      await bench.ledger.expectDone(['stored'], []);
    });

    for (const code of [404, 500]) {
      it(`is stored when it answers with ${code} (D-277)`, async () => {
        const { get } = bind(
          await serve(async ({ status, send }) => {
            await bench.ledger.do('stored');
            status(code);
            send('answer');
          }),
        );

        expect(await get()).to.include({ status: code, body: 'answer' });

        await bench.ledger.expectDone(['stored']);
      });
    }

    it('may answer and be rolled back all the same (D-278)', async () => {
      const { get } = bind(
        await serve(async ({ send }) => {
          await bench.ledger.do('undone');
          transaction.setRollback(true);
          send('answer');
        }),
      );

      expect(await get()).to.include({ status: 200, body: 'answer' });

      await bench.ledger.expectDone([]);
    });

    it('is rolled back where rollbackOn() wants it, and answers', async () => {
      const rollbackOn = fake(({ statusCode }: { statusCode: number }) => statusCode >= 400);
      const codes = [200, 422];
      const { get } = bind(
        await serveWith({ rollbackOn }, async ({ status, send }) => {
          const code = codes[rollbackOn.callCount] ?? 0;
          await bench.ledger.do(String(code));
          status(code);
          send('answer');
        }),
      );

      expect(await get()).to.include({ status: 200, body: 'answer' });
      expect(await get()).to.include({ status: 422, body: 'answer' });

      await bench.ledger.expectDone(['200']);
    });

    it('answers with an error of its database where rollbackOn() wants that', async () => {
      const { get } = bind(
        await serveWith({ rollbackOn: () => true }, async ({ status, send }) => {
          await bench.ledger.write('twice');
          await rejectionOf(bench.ledger.write('twice'));
          status(409);
          send('there already');
        }),
      );

      expect(await get()).to.include({ status: 409, body: 'there already' });

      await bench.ledger.expectDone([]);
    });

    it('does not answer with what an error of its database has undone', async () => {
      const { get } = bind(
        await serve(async ({ send }) => {
          await bench.ledger.write('twice');
          await rejectionOf(bench.ledger.write('twice'));
          send('stored');
        }),
      );

      expect((await get()).status).to.equal(500);

      expect(failed[0]).to.be.instanceOf(RolledBackError);
      await bench.ledger.expectDone([]);
    });

    it('fails with what rollbackOn() throws', async () => {
      const rollbackOn = () => {
        throw new Error('of rollbackOn');
      };
      const { get } = bind(
        await serveWith({ rollbackOn }, async ({ send }) => {
          await bench.ledger.do('undone');
          send('answer');
        }),
      );

      expect(await get()).to.include({ status: 500, body: 'handled of rollbackOn' });

      await bench.ledger.expectDone([]);
    });

    it('takes no connection for what sends no query', async () => {
      const { get } = bind(await serve(async ({ send }) => send('answer')));

      await get();

      expect(bench.statements.all).to.deep.equal([]);
    });

    it('is outside where it is marked so (D-280)', async () => {
      const inBlock: boolean[] = [];
      const { get } = bind(
        await serve(
          async () => {
            inBlock.push(transaction.inAtomicBlock());
            await bench.ledger.write('stored');
            throw new Error('of the view');
          },
          { nonAtomic: true },
        ),
      );

      expect((await get()).status).to.equal(500);

      expect(inBlock).to.deep.equal([false]);
      await bench.ledger.expectDone(['stored'], []);
    });

    it('is committed at the first write of a stream, which goes on after it (D-282)', async () => {
      const rest = deferred();
      const { send } = bind(
        await serve(async ({ raw }) => {
          await bench.ledger.do('stored');
          raw.write('first, ');
          await rest.promise;
          raw.end('rest');
        }),
      );

      const sent = send();
      expect(await sent.begun).to.equal('first, ');
      const rows = await bench.ledger.rows();
      rest.resolve();

      expect(rows).to.deep.equal(['stored']);
      await bench.ledger.expectDone(['stored']);
    });

    it('answers nothing of a stream whose COMMIT failed, whatever it still writes', async () => {
      const noted = deferred<unknown>();
      failCommit({ error: new Error('disk full') });
      const { get } = bind(
        await serve(async ({ raw }) => {
          await bench.ledger.do('undone');
          raw.statusCode = 201;
          const written = raw.write('first, ');
          await failing();
          noted.resolve([written, raw.write('rest'), raw.headersSent]);
          raw.end('end');
        }),
      );
      const failing = async () => {
        while (failed.length === 0) await new Promise(setImmediate);
      };

      const told = await get();

      expect(told).to.include({ status: 500, body: 'handled disk full' });
      expect(await noted.promise).to.deep.equal([false, false, true]);
      await bench.ledger.expectDone([]);
    });

    it('cuts the connection where a stream fails, and is stored', async () => {
      const goOn = deferred();
      const { send } = bind(
        await serve(async ({ raw }) => {
          await bench.ledger.do('stored');
          raw.write('first, ');
          await goOn.promise;
          throw new Error('of the stream');
        }),
      );

      const sent = send();
      await sent.begun;
      goOn.resolve();

      await rejectionOf(sent.told);
      await bench.ledger.expectDone(['stored']);
    });

    it('is stored though its client has gone away', async () => {
      const begun = deferred();
      const gone = deferred();
      const over = deferred();
      const { send } = bind(
        await serve(async ({ raw, send }) => {
          raw.on('close', () => gone.resolve());
          await bench.ledger.do('stored');
          begun.resolve();
          await gone.promise;
          await onCommit(() => over.resolve());
          send('answer');
        }),
      );

      const sent = send();
      await begun.promise;
      sent.leave();
      await over.promise;

      await rejectionOf(sent.told);
      await bench.ledger.expectDone(['stored']);
    });

    it('lets those who listen for the end of the request write (D-275)', async () => {
      const written = ['finish', 'close'].map((event) => ({ event, done: deferred<unknown>() }));
      const { get } = bind(
        await serve(
          async ({ send }) => {
            await bench.ledger.do('stored');
            send('answer');
          },
          {
            before: (_request, response) => {
              for (const { event, done } of written) {
                response.on(event, () => done.resolve(bench.ledger.write(event)));
              }
            },
          },
        ),
      );

      await get();
      for (const { done } of written) await done.promise;

      expect(await bench.ledger.rows()).to.have.members(['stored', 'finish', 'close']);
      expect(bench.ledger.called).to.deep.equal(['stored']);
    });

    it('lets those who listen write where it streams', async () => {
      const done = deferred<unknown>();
      const { get } = bind(
        await serve(
          async ({ raw }) => {
            await bench.ledger.do('stored');
            raw.write('first, ');
            await new Promise(setImmediate);
            raw.end('rest');
          },
          {
            before: (_request, response) => {
              response.on('finish', () => done.resolve(bench.ledger.write('finish')));
            },
          },
        ),
      );

      expect((await get()).body).to.equal('first, rest');
      await done.promise;

      await bench.ledger.expectDone(['stored', 'finish'], ['stored']);
    });

    it('serves one request after another on a connection, whatever became of the first', async () => {
      let number = 0;
      const { get } = bind(
        await serve(async ({ send }) => {
          number += 1;
          await bench.ledger.do(`entry ${number}`);
          if (number % 2 === 0) throw new Error('even');
          send(`answer ${number}`);
        }),
      );

      const told = [];
      for (let time = 0; time < 5; time += 1) told.push((await get()).body);

      const even = 'handled even';
      expect(told).to.deep.equal(['answer 1', even, 'answer 3', even, 'answer 5']);
      await bench.ledger.expectDone(['entry 1', 'entry 3', 'entry 5']);
    });

    it('sends gotRequestException after the rollback, for what becomes a 500 (D-285)', async () => {
      const seen: unknown[] = [];
      const statuses = [undefined, 404, 503];
      const disconnect = gotRequestException.connect(async ({ request, error, sender }) => {
        const { status } = error as { status?: number };
        seen.push([request.url, status, sender, transaction.inAtomicBlock()]);
        seen.push(await bench.ledger.rows());
        throw new Error('of the receiver');
      });
      let at = 0;
      const { get } = bind(
        await serve(async () => {
          const status = statuses[at];
          at += 1;
          await bench.ledger.do('undone');
          throw Object.assign(new Error('of the view'), status ? { status } : {});
        }),
      );

      for (const _status of statuses) await get();
      disconnect();

      expect(seen).to.deep.equal([['/', undefined, null, false], [], ['/', 503, null, false], []]);
      expect(logged()).to.have.length(2);
    });

    const code = DEADLOCK[bench.database.dialect] ?? '';

    itWhere(code !== '')(
      'is run again with an answer that is empty again, where it may be repeated',
      async () => {
        let runs = 0;
        const { get } = bind(
          await serve(
            async ({ status, header, send }) => {
              runs += 1;
              await bench.ledger.do(`run ${runs}`);
              if (runs > 1) return send('answer');
              status(201);
              header('x-run', '1');
              send('of the first');
              await bench.sequelize.query(refusal(bench.database.dialect, code));
            },
            { own: { retry: { times: 2 } } },
          ),
        );

        const told = await get();

        expect(told).to.include({ status: 200, body: 'answer' });
        expect(told.headers).not.to.have.property('x-run');
        await bench.ledger.expectDone(['run 2']);
      },
    );

    itWhere(code !== '' && !framework.answersLast)(
      'is not run again unless it says that it may be',
      async () => {
        let runs = 0;
        const { get } = bind(
          await serveWith({ retry: { times: 2 } }, async () => {
            runs += 1;
            await bench.sequelize.query(refusal(bench.database.dialect, code));
          }),
        );

        expect((await get()).status).to.equal(500);

        expect(runs).to.equal(1);
      },
    );

    // A middleware of Koa always has a promise, and answers with it.
    itWhere(!framework.answersLast)(
      'is rolled back when it neither answers nor has a promise, after a while',
      async () => {
        const tries = deferred<unknown>();
        const { get } = bind(
          await serveWith({ grace: 20 }, ({ send }) => {
            const written = bench.ledger.do('undone');
            const late = async () => {
              await written;
              while (failed.length === 0) await new Promise(setImmediate);
              send('too late');
              tries.resolve(undefined);
            };
            late().catch(tries.resolve);
          }),
        );

        const told = await get();

        expect(told.status).to.equal(500);
        expect(failed[0]).to.include({ code: 'SIGNALS_NO_ANSWER' });
        await tries.promise;
        await bench.ledger.expectDone([]);
      },
    );

    for (const [title, work] of [
      ['wrote', () => bench.ledger.write('undone')],
      ['registered a callback', () => onCommit(bench.ledger.callback('dropped'))],
    ] as const) {
      itWhere(!framework.answersLast)(
        `is rolled back when it never answers and has only ${title}`,
        async () => {
          const { get } = bind(
            await serveWith({ grace: 20 }, () => {
              void work();
            }),
          );

          expect((await get()).status).to.equal(500);
          expect(failed[0]).to.include({ code: 'SIGNALS_NO_ANSWER' });
          await bench.ledger.expectDone([]);
        },
      );
    }

    itWhere(!framework.answersLast)(
      'may take as long as it likes to answer while it has done nothing',
      async () => {
        const answer = deferred();
        const { get } = bind(
          await serveWith({ grace: 5 }, ({ send }) => {
            setTimeout(() => send('at last'), 40);
            answer.resolve();
          }),
        );

        expect(await get()).to.include({ status: 200, body: 'at last' });
      },
    );

    itWhere(!framework.answersLast)('may answer by a callback', async () => {
      const { get } = bind(
        await serve(({ send }) => {
          bench.ledger.do('stored').then(() => send('answer'), send);
        }),
      );

      expect(await get()).to.include({ status: 200, body: 'answer' });

      await bench.ledger.expectDone(['stored']);
    });

    it('answers once', async () => {
      const { get } = bind(
        await serve(async ({ send }) => {
          await bench.ledger.do('entry');
          send('answer');
          send('another one');
        }),
      );

      const { status, body } = await get();

      // Express has an error for it, Fastify ignores the second, and Koa the first.
      const told = { 'Fastify 5': 'answer', 'Koa 3': 'another one' }[framework.name];
      expect(status === 200 ? body : undefined).to.equal(told);
      await bench.ledger.expectDone(told ? ['entry'] : []);
    });
  });
}

/** The methods of a site, on their own. */
function bind(site: Site): Pick<Site, 'get' | 'send'> {
  return { get: site.get.bind(site), send: site.send.bind(site) };
}

/** Declares a test where it makes sense. */
function itWhere(makesSense: boolean): (title: string, body: () => Promise<void>) => void {
  return (title, body) => {
    if (makesSense) it(title, body);
  };
}
