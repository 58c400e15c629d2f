import type { Transaction } from 'sequelize';
import { type Connection, transaction } from 'sequelize-signals';

/** A kind of block: what it does, and what is left of it when all went well. */
export interface Kind {
  readonly rows: number;
  readonly callbacks: number;
  run(): Promise<unknown>;
}

/** What the blocks work with. */
export interface Tools {
  readonly connection: Connection;
  /** Stores a row; without a transaction in the current block. */
  write(t?: Transaction): Promise<unknown>;
  /** The callback that is counted. */
  count(): void;
}

/** Every kind of block there is. */
export function kindsOf({ connection, write, count }: Tools): Kind[] {
  const { atomic, onCommit, defer, sequelize } = connection;
  const writeAndFail = async (): Promise<never> => {
    await write();
    await onCommit(count);
    throw new Error('as planned');
  };
  const survive = (work: Promise<unknown>): Promise<unknown> => work.catch(() => {});

  return [
    stored(),
    withoutQuery(),
    rolledBack(),
    nested(),
    siblings(),
    broken(),
    requested(),
    ofSequelize(),
    unmanaged(),
    deferring(),
    abandoned(),
    endless(),
  ];

  function stored(): Kind {
    return {
      rows: 1,
      callbacks: 1,
      run: () =>
        atomic(async () => {
          await write();
          await onCommit(count);
        }),
    };
  }

  function withoutQuery(): Kind {
    return { rows: 0, callbacks: 1, run: () => atomic(() => atomic(() => onCommit(count))) };
  }

  function rolledBack(): Kind {
    return { rows: 0, callbacks: 0, run: () => survive(atomic(writeAndFail)) };
  }

  function nested(): Kind {
    const run = () =>
      atomic(async () => {
        await write();
        await survive(atomic(writeAndFail));
        await atomic(() => atomic({ savepoint: false }, () => onCommit(count)));
        const sid = await transaction.savepoint({ using: sequelize });
        await write();
        await transaction.savepointRollback(sid, { using: sequelize });
      });
    return { rows: 1, callbacks: 1, run };
  }

  function siblings(): Kind {
    const run = () =>
      atomic(() =>
        Promise.all([atomic(() => write()), survive(atomic(writeAndFail)), atomic(() => write())]),
      );
    return { rows: 2, callbacks: 0, run };
  }

  function broken(): Kind {
    const run = () =>
      survive(
        atomic(async () => {
          await onCommit(count);
          await survive(sequelize.query('SELECT nonsense'));
        }),
      );
    return { rows: 0, callbacks: 0, run };
  }

  function requested(): Kind {
    const run = () =>
      atomic(async () => {
        await write();
        transaction.setRollback(true, { using: sequelize });
      });
    return { rows: 0, callbacks: 0, run };
  }

  function ofSequelize(): Kind {
    const run = () =>
      sequelize.transaction(async (t) => {
        t.afterCommit(count);
        await survive(sequelize.transaction({ transaction: t }, writeAndFail));
        await write(t);
      });
    return { rows: 1, callbacks: 1, run };
  }

  function unmanaged(): Kind {
    return {
      rows: 1,
      callbacks: 1,
      run: async () => {
        const t = await sequelize.transaction();
        await onCommit(count, { transaction: t });
        await atomic({ transaction: t }, () => write());
        await t.commit();
      },
    };
  }

  function deferring(): Kind {
    const run = () =>
      atomic(() => {
        defer(async () => {
          await write();
          await onCommit(count);
        });
        transaction.signals.postCommit.connect(count, { using: sequelize });
      });
    return { rows: 1, callbacks: 2, run };
  }

  /** Work that goes on when its block has ended, and is refused. */
  function abandoned(): Kind {
    const run = async (): Promise<void> => {
      let late: Promise<unknown> = Promise.resolve();
      await atomic(async () => {
        late = survive(atomic(writeAndFail));
      });
      await late;
    };
    return { rows: 0, callbacks: 0, run };
  }

  /** A flow that goes on from the callback of one block to the next, for as long as the soak. */
  function endless(): Kind {
    let next = resumable(step);
    let last = Promise.resolve();
    function step(): Promise<void> {
      return atomic(() =>
        onCommit(() => {
          next = resumable(step);
          count();
        }),
      );
    }
    const run = (): Promise<void> => {
      last = last.then(() => next());
      return last;
    };
    return { rows: 0, callbacks: 1, run };
  }
}

/** A function that runs `body` in the flow in which it was made, whoever calls it. */
function resumable(body: () => Promise<void>): () => Promise<void> {
  let resume: () => void = () => {};
  const resumed = new Promise<void>((resolve) => {
    resume = resolve;
  });
  const done = resumed.then(body);
  return () => {
    resume();
    return done;
  };
}
