import { expect } from 'chai';
import type { Sequelize } from 'sequelize';
import { atomic, onCommit, transaction } from 'sequelize-signals';
import {
  configureTasks,
  DummyBackend,
  ImmediateBackend,
  TaskBackend,
  type TaskContext,
  type TaskJob,
  task,
  taskEnqueued,
  taskFinished,
  taskStarted,
} from 'sequelize-signals/tasks';
import { captureOnCommitCallbacks, testTransaction } from 'sequelize-signals/testing';
import { describeInEachContext } from '../support/contexts.js';
import { describeOnEachDatabase } from '../support/databases.js';
import { captureLog } from '../support/logged.js';
import { rejectionOf } from '../support/rejection.js';

const ran: unknown[] = [];
const note = task(function note(...args: unknown[]) {
  ran.push(args.length === 1 ? args[0] : args);
  return { noted: args.length };
});
const fail = task(async function fail(message: string): Promise<void> {
  throw new RangeError(message);
});
const contextual = task(
  (context: TaskContext, name: string) => {
    ran.push([name, context.attempt, context.taskResult.status]);
  },
  { name: 'contextual', takesContext: true },
);

describe('task()', () => {
  const logged = captureLog();
  let backend: DummyBackend;

  beforeEach(() => {
    ran.length = 0;
    backend = new DummyBackend();
    configureTasks({ backends: { default: backend, immediate: new ImmediateBackend() } });
  });
  afterEach(() => configureTasks({ backends: {} }));

  it('is a frozen object with the name of the function and what Django has by default (D-332)', () => {
    expect(note).to.include({
      name: 'note',
      priority: 0,
      queueName: 'default',
      backend: 'default',
    });
    expect(Object.isFrozen(note)).to.equal(true);
  });

  it('refuses a function without a name (D-332, D-345)', async () => {
    const error = await rejectionOf(() => task(() => {}));

    expect(error).to.include({ name: 'InvalidTaskError', code: 'SIGNALS_INVALID_TASK' });
    expect(error.message).to.contain("{ name: 'indexOrder' }");
  });

  it('refuses a second task of one name', async () => {
    const error = await rejectionOf(() => task(function note() {}));

    expect(error).to.include({ code: 'SIGNALS_INVALID_TASK' });
  });

  it('refuses what is no function, and options that there are not', async () => {
    const wrong = [
      () => task('note' as never),
      () => task(function once() {}, { queue: 'mail' } as never),
      () => task(function twice() {}, { priority: 101 }),
      () => note.using({ priority: 0.5 }),
      () => note.using({ runAfter: new Date(Number.NaN) }),
      () => note.using({ takesContext: true } as never),
      () => configureTasks({ backends: { default: {} as TaskBackend } }),
    ];

    for (const attempt of wrong) expect(await rejectionOf(attempt)).to.be.instanceOf(TypeError);
  });

  it('using() is another task, and leaves the first as it is (D-333)', async () => {
    const runAfter = new Date(0);

    const urgent = note.using({ priority: 10, queueName: 'mail', runAfter });

    expect(urgent).to.include({ name: 'note', priority: 10, queueName: 'mail', runAfter });
    expect(note).to.include({ priority: 0, queueName: 'default', runAfter: undefined });
    await urgent.enqueue('now');
    expect(backend.results).to.have.length(1);
  });

  it('refuses a backend that is not there, and one that does not do what is asked (D-335)', async () => {
    const attempts = [
      () => note.using({ backend: 'other' }).enqueue(),
      () => note.using({ backend: 'immediate', runAfter: new Date() }).enqueue(),
    ];

    for (const attempt of attempts) {
      expect(await rejectionOf(attempt)).to.include({ code: 'SIGNALS_INVALID_TASK' });
    }
  });

  it('refuses a queue that the backend does not have (D-336)', async () => {
    class WithQueues extends DummyBackend {
      override readonly queues = ['default', 'mail'];
    }
    configureTasks({ backends: { default: new WithQueues() } });

    await note.using({ queueName: 'mail' }).enqueue();
    const error = await rejectionOf(() => note.using({ queueName: 'male' }).enqueue());

    expect(error).to.include({ code: 'SIGNALS_INVALID_TASK' });
    expect(error.message).to.contain('default, mail');
  });

  it('passes a context where it is asked for (D-337)', async () => {
    await contextual.using({ backend: 'immediate' }).enqueue('first');

    expect(ran).to.deep.equal([['first', 1, 'RUNNING']]);
  });

  describe('arguments', () => {
    const circle: { self?: object } = {};
    circle.self = circle;
    class Order {}
    const notJson: [value: unknown, path: string][] = [
      [new Date(0), 'Argument 1'],
      [{ order: { total: Number.NaN } }, 'Argument 1 of "note".order.total'],
      [[1, [2, 3n]], 'Argument 1 of "note"[1][1]'],
      [{ 'a b': new Map() }, 'Argument 1 of "note"["a b"]'],
      [() => {}, 'Argument 1'],
      [new Order(), 'Argument 1'],
      [Symbol('s'), 'Argument 1'],
      [circle, 'Argument 1 of "note".self'],
    ];

    for (const [index, [value, path]] of notJson.entries()) {
      it(`must be JSON, and the path of what is not is named: case ${index + 1} (D-338)`, async () => {
        const error = await rejectionOf(() => note.enqueue(value));

        expect(error).to.include({ name: 'NotJsonError', code: 'SIGNALS_NOT_JSON' });
        expect(error.message).to.contain(path);
        expect(backend.results).to.deep.equal([]);
      });
    }

    it('are as they come out of JSON, whatever becomes of them later (D-338, D-344)', async () => {
      const order = { id: 1, note: undefined, lines: [{ sku: 'a' }, undefined], total: -0 };

      const { args } = await note.enqueue(order, undefined);
      order.lines.push({ sku: 'b' });

      expect(args).to.deep.equal([{ id: 1, lines: [{ sku: 'a' }, null], total: 0 }, null]);
    });

    it('may have one object in two places', async () => {
      const shared = { sku: 'a' };

      const { args } = await note.enqueue([shared, shared]);

      expect(args).to.deep.equal([[{ sku: 'a' }, { sku: 'a' }]]);
    });
  });

  describe('results', () => {
    it('have what became of the call, and can be asked for again (D-339, D-340, D-341)', async () => {
      const immediate = await note.using({ backend: 'immediate' }).enqueue('a');
      const dummy = await note.enqueue('b');

      expect(immediate).to.include({ status: 'SUCCESSFUL', isFinished: true, attempts: 1 });
      expect(immediate.returnValue).to.deep.equal({ noted: 1 });
      expect(immediate.workerIds).to.have.length(1);
      expect(immediate.finishedAt).to.be.instanceOf(Date);
      expect(dummy).to.include({ status: 'READY', task: 'note', backend: 'default', attempts: 0 });
      expect((await note.getResult(dummy.id)).args).to.deep.equal(['b']);
    });

    it('refuse to have a value when there is none (D-339)', async () => {
      const result = await note.enqueue();

      expect(await rejectionOf(() => result.returnValue)).to.include({
        code: 'SIGNALS_TASK_UNFINISHED',
      });
    });

    it('refuse ids that are not theirs (D-341)', async () => {
      const { id } = await note.enqueue();

      expect(await rejectionOf(fail.getResult(id))).to.include({
        code: 'SIGNALS_TASK_RESULT_MISMATCH',
      });
      expect(await rejectionOf(note.getResult('none'))).to.include({
        code: 'SIGNALS_TASK_RESULT_UNKNOWN',
      });
      expect(await rejectionOf(note.using({ backend: 'immediate' }).getResult(id))).to.include({
        code: 'SIGNALS_INVALID_TASK',
      });
    });

    it('have the class and the stack of an error, which is logged (D-340, D-343)', async () => {
      const result = await fail.using({ backend: 'immediate' }).enqueue('too far');

      expect(result.status).to.equal('FAILED');
      expect(result.errors[0]?.exceptionClass).to.equal('RangeError');
      expect(result.errors[0]?.traceback).to.contain('RangeError: too far');
      expect(logged().map(([message]) => message)).to.have.length(1);
      expect(logged()[0]?.[0]).to.contain('"fail"');
    });

    it('fail where the task returns what is not JSON (D-338)', async () => {
      const dated = task(() => new Date(), { name: 'dated', backend: 'immediate' });

      const result = await dated.enqueue();

      expect(result.errors[0]?.exceptionClass).to.equal('NotJsonError');
    });
  });

  it('sends taskEnqueued, taskStarted and taskFinished, by the class of the backend (D-342, D-343)', async () => {
    const seen: unknown[] = [];
    const undos = [taskEnqueued, taskStarted, taskFinished].map((signal) =>
      signal.connect(
        ({ taskResult }) => {
          seen.push([signal.name, taskResult.task, taskResult.status]);
          throw new Error('ignored');
        },
        { sender: ImmediateBackend },
      ),
    );

    await note.using({ backend: 'immediate' }).enqueue();
    await note.enqueue();

    for (const undo of undos) undo();
    expect(seen).to.deep.equal([
      ['taskEnqueued', 'note', 'READY'],
      ['taskStarted', 'note', 'RUNNING'],
      ['taskFinished', 'note', 'SUCCESSFUL'],
    ]);
    expect(ran).to.have.length(1);
  });

  it('puts back what configureTasks() replaced', async () => {
    const undo = configureTasks({ backends: { default: new ImmediateBackend() } });
    await note.enqueue('run');
    undo();
    await note.enqueue('kept');

    expect(ran).to.deep.equal(['run']);
    expect(backend.results).to.have.length(1);
  });
});

describeOnEachDatabase('tasks in blocks', (database) => {
  describeInEachContext('enqueue()', (context) => {
    captureLog();
    let sequelize: Sequelize;
    let dummy: DummyBackend;

    before(() => {
      sequelize = database.connect();
      context.install(sequelize);
    });
    beforeEach(() => {
      ran.length = 0;
      dummy = new DummyBackend();
      configureTasks({ backends: { dummy } });
    });
    afterEach(() => configureTasks({ backends: {} }));

    it('runs after the commit, in order with the callbacks and in no transaction (D-343, D-345)', async () => {
      const order: unknown[] = [];
      const look = task(
        () => {
          order.push(['task', transaction.inAtomicBlock()]);
        },
        { name: `look ${database.name} ${context.useCLS}` },
      );

      await atomic(async () => {
        await onCommit(() => order.push('before'));
        await look.enqueue();
        await onCommit(() => order.push('after'));
        order.push('body');
      });

      expect(order).to.deep.equal(['body', 'before', ['task', false], 'after']);
    });

    it('keeps nothing of a block or a savepoint that is rolled back (D-334, D-345)', async () => {
      const undone = new Error('undone');

      await atomic(async () => {
        await note.enqueue('kept');
        await atomic(async () => {
          await note.enqueue('savepoint');
          throw undone;
        }).catch(() => {});
      });
      await atomic(async () => {
        await note.enqueue('block');
        throw undone;
      }).catch(() => {});

      expect(ran).to.deep.equal(['kept']);
    });

    it('DummyBackend keeps what is stored (D-344)', async () => {
      const dummied = note.using({ backend: 'dummy' });

      await atomic(async () => {
        await dummied.enqueue('stored');
        await atomic(async () => {
          await dummied.enqueue('undone');
          throw new Error('undone');
        }).catch(() => {});
        expect(dummy.results).to.deep.equal([]);
      });

      expect(dummy.results.map(({ args }) => args)).to.deep.equal([['stored']]);
      dummy.clear();
      expect(dummy.results).to.deep.equal([]);
    });

    it('joins the transactions of Sequelize', async () => {
      await sequelize.transaction(async () => {
        await note.enqueue('stored');
        expect(ran).to.deep.equal([]);
      });
      await sequelize
        .transaction(async () => {
          await note.enqueue('undone');
          throw new Error('undone');
        })
        .catch(() => {});

      expect(ran).to.deep.equal(['stored']);
    });

    it('leaves the data stored when a task fails', async () => {
      const result = await atomic(() => fail.enqueue('failed'));

      expect(result.status).to.equal('FAILED');
    });

    it('is captured, and runs in a test as after a commit', async () => {
      const captured = await captureOnCommitCallbacks(() => atomic(() => note.enqueue('captured')));
      expect([captured.length, ran]).to.deep.equal([1, []]);

      await captureOnCommitCallbacks({ execute: true }, () => atomic(() => note.enqueue('run')));
      expect(ran).to.deep.equal(['run']);
    });

    it('runs in the transaction of a test', async () => {
      const test = testTransaction();
      await test.begin();
      try {
        await atomic(() => note.enqueue('stored'));
        await atomic(async () => {
          await note.enqueue('undone');
          throw new Error('undone');
        }).catch(() => {});
      } finally {
        await test.rollback();
      }

      expect(ran).to.deep.equal(['stored']);
    });

    it('hands the jobs of one transaction over together, to an engine that is told after it', async () => {
      const sent: string[][] = [];
      class Told extends TaskBackend {
        readonly queues: readonly string[] = [];
        readonly features = {
          priority: true,
          runAfter: true,
          results: false,
          transactional: false,
        };
        override async enqueue(jobs: readonly TaskJob[]): Promise<readonly string[]> {
          sent.push(jobs.map(({ args }) => String(args[0])));
          return jobs.map((_, index) => `own ${index}`);
        }
      }
      configureTasks({ backends: { default: new Told() } });

      const results = await atomic(async () => {
        const first = await note.enqueue('a');
        await atomic(() => note.enqueue('b'));
        await atomic(async () => {
          await note.enqueue('c');
          throw new Error('undone');
        }).catch(() => {});
        return [first, await note.enqueue('d')];
      });

      expect(sent).to.deep.equal([['a', 'b', 'd']]);
      expect(results.map(({ id }) => id)).to.deep.equal(['own 0', 'own 2']);
    });
  });
});
