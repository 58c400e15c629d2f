import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Logger, runMigrations } from 'graphile-worker';
import PgBoss from 'pg-boss';
import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import { atomic, install, transaction } from 'sequelize-signals';
import { type BullmqBackend, bullmqBackend } from 'sequelize-signals/bullmq';
import { graphileWorkerBackend } from 'sequelize-signals/graphile-worker';
import { pgBossBackend } from 'sequelize-signals/pg-boss';
import {
  configureTasks,
  runTasks,
  startWorker,
  type TaskBackend,
  type TaskContext,
  type TasksNotSentError,
  task,
  taskEnqueued,
  taskFinished,
} from 'sequelize-signals/tasks';
import { describeOnEachDatabase, type TestDatabase } from '../support/databases.js';
import { deferred } from '../support/deferred.js';
import { captureLog } from '../support/logged.js';
import { rejectionOf } from '../support/rejection.js';
import { redis } from '../support/servers/redis.js';

/** What the tasks of this file have done. */
const ran: unknown[] = [];
let inTask: (context: TaskContext, name: string) => unknown = () => undefined;

const work = task((context: TaskContext, name: string) => inTask(context, name), {
  name: 'backends.work',
  takesContext: true,
});
const transfer = task((context: TaskContext, name: string) => inTask(context, name), {
  name: 'backends.transfer',
  takesContext: true,
  transactional: true,
});

/** An engine, on a database of its own. */
interface Engine {
  readonly backend: TaskBackend;
  /** How many jobs wait, as its own tables say. */
  count(): Promise<number>;
  close(): Promise<void>;
}

const silent = new Logger(() => () => {});

const ENGINES: Record<string, (database: TestDatabase, sequelize: Sequelize) => Promise<Engine>> = {
  async 'pg-boss'(_database, sequelize) {
    const boss = new PgBoss({
      connectionString: urlOf(sequelize),
      supervise: false,
      schedule: false,
    });
    await boss.start();
    return {
      backend: pgBossBackend(boss, { queues: ['default', 'mail'], pollingIntervalSeconds: 0.5 }),
      count: () => countIn(sequelize, `pgboss.job where state < 'active'`),
      close: () => boss.stop({ graceful: false }),
    };
  },
  async 'graphile-worker'(_database, sequelize) {
    const connectionString = urlOf(sequelize);
    await runMigrations({ connectionString, logger: silent });
    return {
      backend: graphileWorkerBackend({
        queues: ['default', 'mail'],
        worker: { logger: silent, pollInterval: 200 },
      }),
      count: () => countIn(sequelize, 'graphile_worker._private_jobs where locked_at is null'),
      close: async () => {},
    };
  },
};

describeOnEachDatabase('tasks on engines that store in the transaction', (database) => {
  if (database.dialect !== 'postgres') return;

  for (const [name, open] of Object.entries(ENGINES)) {
    describe(name, function () {
      this.timeout(30_000);
      const logged = captureLog();
      let sequelize: Sequelize;
      let Order: ModelStatic<Model>;
      let engine: Engine;
      let uninstall: () => void;

      before(async () => {
        sequelize = database.connect();
        const connection = install(sequelize);
        uninstall = () => connection.uninstall();
        Order = sequelize.define(`Order ${name}`, { name: DataTypes.STRING });
        await sequelize.sync();
        engine = await open(database, sequelize);
        configureTasks({ backends: { default: engine.backend } });
      });
      beforeEach(() => {
        ran.length = 0;
        inTask = (_context, one) => {
          ran.push(one);
        };
      });
      after(async () => {
        configureTasks({ backends: {} });
        await engine?.close();
        uninstall();
      });

      it('stores a job with the block, and not without (D-345)', async () => {
        const { id } = await atomic(async () => {
          await Order.create({ name: 'stored' });
          return work.enqueue('stored');
        });
        await atomic(async () => {
          await work.enqueue('undone');
          throw new Error('undone');
        }).catch(() => {});
        await atomic(async () => {
          await work.enqueue('around');
          await atomic(async () => {
            await work.enqueue('savepoint');
            throw new Error('undone');
          }).catch(() => {});
        });

        expect(await engine.count()).to.equal(2);
        expect(await runTasks()).to.equal(2);
        expect(ran).to.deep.equal(['stored', 'around']);
        expect(id).to.be.a('string').that.is.not.empty;
        expect(await engine.count()).to.equal(0);
      });

      it('stores nothing of a transaction whose COMMIT fails', async () => {
        await sequelize.query('create table if not exists p (id int primary key)');
        await sequelize.query(
          'create table if not exists c (p int references p (id) deferrable initially deferred)',
        );

        await rejectionOf(
          atomic(async () => {
            await work.enqueue('refused');
            await sequelize.query('insert into c values (1)');
          }),
        );

        expect(await engine.count()).to.equal(0);
      });

      it('joins a transaction of Sequelize, and stores at once outside of any', async () => {
        await sequelize
          .transaction(async () => {
            await work.enqueue('undone');
            throw new Error('undone');
          })
          .catch(() => {});
        await sequelize.transaction(() => work.enqueue('stored'));
        await work.enqueue('outside');

        await runTasks();

        expect(ran).to.deep.equal(['stored', 'outside']);
      });

      it('runs the task in no transaction of the caller, with its context (D-337)', async () => {
        inTask = (context) => {
          ran.push([context.attempt, context.taskResult.task, transaction.inAtomicBlock()]);
        };
        await work.enqueue('looks');

        await atomic(() => runTasks());

        expect(ran).to.deep.equal([[1, 'backends.work', false]]);
      });

      it('tells of what is stored, and of what is done (D-342)', async () => {
        const seen: unknown[] = [];
        const undos = [taskEnqueued, taskFinished].map((signal) =>
          signal.connect(
            ({ taskResult: { status, args } }) => {
              seen.push([signal.name, status, ...args]);
            },
            { sender: engine.backend.constructor },
          ),
        );

        await atomic(async () => {
          await work.enqueue('told');
          expect(seen).to.deep.equal([]);
        });
        await atomic(async () => {
          await work.enqueue('undone');
          throw new Error('undone');
        }).catch(() => {});
        await runTasks();

        for (const undo of undos) undo();
        expect(seen).to.deep.equal([
          ['taskEnqueued', 'READY', 'told'],
          ['taskFinished', 'SUCCESSFUL', 'told'],
        ]);
      });

      it('runs the higher priority first, and what is for later later (D-335)', async () => {
        await atomic(async () => {
          await work.using({ priority: -5 }).enqueue('low');
          await work.using({ priority: 50 }).enqueue('high');
          await work.enqueue('usual');
          await work.using({ runAfter: new Date(Date.now() + 3_600_000) }).enqueue('tomorrow');
        });

        await runTasks();

        expect(ran).to.deep.equal(['high', 'usual', 'low']);
        expect(await engine.count()).to.equal(1);
        await clear(sequelize, name);
      });

      it('runs the queues that it is asked for (D-336)', async () => {
        await work.using({ queueName: 'mail' }).enqueue('mail');
        await work.enqueue('usual');

        await runTasks({ queues: ['mail'] });
        expect(ran).to.deep.equal(['mail']);
        await runTasks();
        expect(ran).to.deep.equal(['mail', 'usual']);
        expect(await rejectionOf(runTasks({ queues: ['male'] }))).to.be.instanceOf(TypeError);
      });

      it('tries again what failed, and a task that no module has', async () => {
        inTask = () => {
          throw new Error('not yet');
        };
        await work.enqueue('fails');
        await (await import('#lib/tasks/enqueue')).enqueueCalls(engine.backend, [
          {
            task: 'backends.gone',
            args: [],
            priority: 0,
            queueName: 'default',
            runAfter: undefined,
            backend: 'default',
          },
        ]);

        expect(await runTasks()).to.equal(2);

        expect(await engine.count()).to.equal(2);
        expect(logged().map(([, error]) => (error as { code?: string }).code)).to.have.members([
          undefined,
          'SIGNALS_UNKNOWN_TASK',
        ]);
        await clear(sequelize, name);
      });

      it('has the effect of a transactional task and its completion in one transaction', async () => {
        inTask = async (_context, one) => {
          ran.push(transaction.inAtomicBlock());
          await Order.create({ name: one });
          if (ran.length === 1) throw new Error('after the effect');
        };
        await transfer.enqueue('transferred');

        await runTasks();
        expect(await Order.count({ where: { name: 'transferred' } })).to.equal(0);
        expect(await engine.count()).to.equal(1);

        await dueNow(sequelize, name);
        await runTasks();
        expect(await Order.count({ where: { name: 'transferred' } })).to.equal(1);
        expect(await engine.count()).to.equal(0);
        expect(ran).to.deep.equal([true, true]);
      });

      it('rolls a transactional task back whose job is somebody else’s by now', async () => {
        inTask = async (_context, one) => {
          await Order.create({ name: one });
          await transaction.outside(() => clear(sequelize, name));
        };
        await transfer.enqueue('taken');

        await runTasks();

        expect(await Order.count({ where: { name: 'taken' } })).to.equal(0);
        expect(logged()[0]?.[1]).to.include({ code: 'SIGNALS_TASK_TAKEN' });
      });

      it('stores many jobs in one statement, and their ids in order', async () => {
        const { enqueueCalls } = await import('#lib/tasks/enqueue');
        const calls = ['a', 'b', 'c'].map((one) => ({
          task: 'backends.work',
          args: [one],
          priority: 0,
          queueName: 'default',
          runAfter: undefined,
          backend: 'default',
        }));

        const results = await atomic(() => enqueueCalls(engine.backend, calls));
        await runTasks();

        expect(new Set(results.map(({ id }) => id)).size).to.equal(3);
        expect(ran).to.have.members(['a', 'b', 'c']);
      });

      it('stores what text there is, or refuses it before it breaks the block', async () => {
        const odd = ['$1 $$2 ? :name', 'ä€😀', '\\u0000', "'; drop table x; --", ''];
        const refused = await atomic(async () => {
          for (const each of odd) await work.enqueue(each);
          return work.enqueue('nul \0').then(
            () => undefined,
            (error) => error,
          );
        });

        await runTasks();

        expect(refused).to.include({ code: 'SIGNALS_NOT_JSON' });
        expect(ran).to.deep.equal(odd);
      });

      it('refuses to store beside a block of another database', async () => {
        const other = install(database.connect(), { using: 'other' });
        try {
          const error = await rejectionOf(other.atomic(() => work.enqueue('beside')));
          expect(error).to.include({ code: 'SIGNALS_TRANSACTION_FOREIGN' });
          await other.atomic(() => atomic(() => work.enqueue('in both')));
          await other.atomic(() => transaction.outside(() => work.enqueue('outside')));
        } finally {
          other.uninstall();
        }
        await runTasks();

        expect(ran).to.deep.equal(['in both', 'outside']);
      });

      it('has a worker that runs what comes, and ends what runs before it stops', async () => {
        const begun = deferred();
        const mayEnd = deferred();
        inTask = async (_context, one) => {
          begun.resolve();
          await mayEnd.promise;
          ran.push(one);
        };
        const worker = await startWorker({ concurrency: 2 });
        await atomic(() => work.enqueue('runs'));
        await begun.promise;

        let hasStopped = false;
        const stopping = worker.stop().then(() => {
          hasStopped = true;
        });
        await work.enqueue('too late');
        expect(hasStopped).to.equal(false);
        mayEnd.resolve();
        await stopping;

        expect(ran).to.deep.equal(['runs']);
        expect(await engine.count()).to.equal(1);
        await clear(sequelize, name);
      });

      it('runs as many at the same time as it is told', async () => {
        const both = deferred();
        let running = 0;
        inTask = async () => {
          running += 1;
          if (running === 2) both.resolve();
          await both.promise;
        };
        await using _worker = await startWorker({ concurrency: 2 });

        await work.enqueue('one');
        await work.enqueue('two');

        await both.promise;
      });
    });
  }

  describe('pg-boss', () => {
    captureLog();
    let sequelize: Sequelize;
    let boss: PgBoss;
    let uninstall: () => void;

    before(async () => {
      sequelize = database.connect();
      const connection = install(sequelize);
      uninstall = () => connection.uninstall();
      boss = new PgBoss({ connectionString: urlOf(sequelize), supervise: false, schedule: false });
      await boss.start();
    });
    afterEach(() => configureTasks({ backends: {} }));
    after(async () => {
      await boss.stop({ graceful: false });
      uninstall();
    });

    it('tells what has become of a job (D-339, D-341)', async () => {
      inTask = (_context, name) => ({ done: name });
      configureTasks({ backends: { default: pgBossBackend(boss, { queues: ['results'] }) } });
      const result = await work.using({ queueName: 'results' }).enqueue('asked');
      expect(result.status).to.equal('READY');

      await runTasks();
      await result.refresh();

      expect(result).to.include({ status: 'SUCCESSFUL', attempts: 1, isFinished: true });
      expect(result.returnValue).to.deep.equal({ done: 'asked' });
      expect((await work.getResult(result.id)).args).to.deep.equal(['asked']);
      expect(await rejectionOf(work.getResult(randomUUID()))).to.include({
        code: 'SIGNALS_TASK_RESULT_UNKNOWN',
      });
    });

    it('gives a job up after its attempts, and puts a copy into the dead letter queue', async () => {
      inTask = () => {
        throw new Error('never');
      };
      const backend = pgBossBackend(boss, { queues: ['once'], maxAttempts: 1, deadLetter: 'dead' });
      configureTasks({ backends: { default: backend } });

      const result = await work.using({ queueName: 'once' }).enqueue('fails');
      await runTasks();
      await result.refresh();

      expect(result.status).to.equal('FAILED');
      expect(result.errors[0]?.traceback).to.contain('never');
      expect(await boss.getQueueSize('dead')).to.equal(1);
    });

    it('says so when pg-boss stores nothing, as for a queue that is gone', async () => {
      configureTasks({ backends: { default: pgBossBackend(boss, { queues: ['gone'] }) } });
      await work.using({ queueName: 'gone' }).enqueue('there');
      await boss.purgeQueue('gone');
      await boss.deleteQueue('gone');

      const error = await rejectionOf(work.using({ queueName: 'gone' }).enqueue('lost'));

      expect(error).to.include({ code: 'SIGNALS_TASKS_NOT_SENT' });
    });

    it('makes a queue that nobody spoke of before, in a block that has jobs already', async () => {
      configureTasks({ backends: { default: pgBossBackend(boss, { queues: [] }) } });

      await atomic(async () => {
        await work.using({ queueName: 'first' }).enqueue('a');
        await work.using({ queueName: 'second' }).enqueue('b');
      });

      expect(await boss.getQueueSize('second')).to.equal(1);
    });

    it('refuses what is no pg-boss, and options that there are not', async () => {
      expect(await rejectionOf(() => pgBossBackend({} as never))).to.be.instanceOf(TypeError);
      expect(
        await rejectionOf(() => pgBossBackend(boss, { queue: 'a' } as never)),
      ).to.be.instanceOf(TypeError);
      expect(await rejectionOf(() => graphileWorkerBackend({ schema: 'a b' }))).to.be.instanceOf(
        TypeError,
      );
    });
  });
});

describeOnEachDatabase('tasks on BullMQ', (database) => {
  describe('bullmqBackend()', function () {
    this.timeout(30_000);
    const logged = captureLog();
    const prefix = `signals-${randomUUID()}`;
    let sequelize: Sequelize;
    let Order: ModelStatic<Model>;
    let backend: BullmqBackend;
    let uninstall: () => void;

    before(async function () {
      const address = await redis();
      if (!address) return this.skip();
      sequelize = database.connect();
      const connection = install(sequelize);
      uninstall = () => connection.uninstall();
      Order = sequelize.define('Order', { name: DataTypes.STRING });
      await sequelize.sync();
      backend = bullmqBackend({ connection: address, prefix, retryDelay: 60_000 });
    });
    beforeEach(() => {
      ran.length = 0;
      inTask = (_context, one) => {
        ran.push(one);
        return one;
      };
      configureTasks({ backends: { default: backend } });
    });
    afterEach(() => configureTasks({ backends: {} }));
    after(async () => {
      await backend?.close();
      uninstall?.();
    });

    it('is handed what is stored, after the commit (D-345)', async () => {
      const results = await atomic(async () => {
        const stored = [await work.enqueue('a'), await work.enqueue('b')];
        await atomic(async () => {
          await work.enqueue('undone');
          throw new Error('undone');
        }).catch(() => {});
        expect(await rejectionOf(stored[0]?.refresh() ?? Promise.resolve())).to.include({
          code: 'SIGNALS_TASK_RESULT_UNKNOWN',
        });
        return stored;
      });

      expect(await runTasks()).to.equal(2);

      expect(ran).to.deep.equal(['a', 'b']);
      await results[0]?.refresh();
      expect(results[0]).to.include({ status: 'SUCCESSFUL', returnValue: 'a' });
    });

    it('runs the higher priority first, and what is for later later (D-335)', async () => {
      await work.using({ priority: -5 }).enqueue('low');
      await work.enqueue('usual');
      await work.using({ priority: 50 }).enqueue('high');
      await work.using({ runAfter: new Date(Date.now() + 3_600_000) }).enqueue('tomorrow');

      await runTasks();

      expect(ran).to.deep.equal(['high', 'usual', 'low']);
    });

    it('tries again what failed', async () => {
      inTask = () => {
        throw new Error('not yet');
      };
      const result = await work.enqueue('fails');

      await runTasks();
      await result.refresh();

      expect(result).to.include({ status: 'READY', attempts: 1 });
      expect(result.errors[0]?.traceback).to.contain('not yet');
      expect(logged()).to.have.length(1);
    });

    it('refuses what is transactional', async () => {
      expect(await rejectionOf(transfer.enqueue('no'))).to.include({
        code: 'SIGNALS_INVALID_TASK',
      });
    });

    it('has a worker that ends what runs before it stops', async () => {
      const begun = deferred();
      const mayEnd = deferred();
      inTask = async (_context, one) => {
        begun.resolve();
        await mayEnd.promise;
        ran.push(one);
      };
      const worker = await startWorker();
      await work.enqueue('runs');
      await begun.promise;

      const stopping = worker.stop();
      mayEnd.resolve();
      await stopping;

      expect(ran).to.deep.equal(['runs']);
    });

    it('names the jobs that Redis did not take, while the data stays', async () => {
      const away = bullmqBackend({ connection: { host: '127.0.0.1', port: 1 }, timeout: 200 });
      configureTasks({ backends: { default: away } });
      try {
        const error = await rejectionOf<TasksNotSentError>(
          atomic(async () => {
            await Order.create({ name: 'stays' });
            await work.enqueue('first');
            await work.enqueue('second');
          }),
        );

        expect(error).to.include({ name: 'TasksNotSentError', code: 'SIGNALS_TASKS_NOT_SENT' });
        expect(error.message).to.contain('backends.work("first"), backends.work("second")');
        expect(error.jobs.map(({ args }) => args)).to.deep.equal([['first'], ['second']]);
        expect(await Order.count({ where: { name: 'stays' } })).to.equal(1);
      } finally {
        await away.close();
      }
    });
  });
});

function urlOf({ config }: Sequelize): string {
  const { username, password, host, port, database } = config;
  return `postgres://${username}:${password}@${host}:${port}/${database}`;
}

async function countIn(sequelize: Sequelize, what: string): Promise<number> {
  const [[row]] = (await sequelize.query(`select count(*)::int as count from ${what}`)) as [
    { count: number }[],
    unknown,
  ];
  return row?.count ?? 0;
}

const TABLES: Record<string, string> = {
  'pg-boss': 'pgboss.job',
  'graphile-worker': 'graphile_worker._private_jobs',
};

async function clear(sequelize: Sequelize, engine: string): Promise<void> {
  await sequelize.query(`delete from ${TABLES[engine]}`);
}

/** As if the time had come at which a job is tried again. */
async function dueNow(sequelize: Sequelize, engine: string): Promise<void> {
  const column = engine === 'pg-boss' ? 'start_after' : 'run_at';
  await sequelize.query(`update ${TABLES[engine]} set ${column} = now() - interval '1 second'`);
}
