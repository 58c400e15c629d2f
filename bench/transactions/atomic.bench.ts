import type { Sequelize } from 'sequelize';
import { atomic, install } from 'sequelize-signals';
import type { Benchmark, Contender } from '../benchmark.js';
import { ownSequelize, ownSequelizeWithContext } from '../own-sequelize.js';
import { postgresOptions, sqliteOptions } from '../servers.js';
import { expectRows, itemModel } from './items.js';

const RAW = 'sequelize.transaction';

/** Makes a contender whose `once` stores one row. */
async function inserting(
  sequelize: Sequelize,
  once: (insert: (transaction?: object) => Promise<unknown>) => Promise<unknown>,
): Promise<Contender> {
  const Item = await itemModel(sequelize);
  const insert = (transaction?: object) => Item.create({ name: 'thing' }, { ...transaction });
  return {
    async run(times) {
      for (let i = 0; i < times; i += 1) await once(insert);
    },
    check: (times) => expectRows(Item, times),
  };
}

const oneInsert: Benchmark = {
  name: 'atomic with one insert, PostgreSQL',
  unit: 'µs',
  rounds: 101,
  sample: 60,
  ours() {
    const sequelize = new (ownSequelize())(postgresOptions());
    install(sequelize);
    return inserting(sequelize, (insert) => atomic(() => insert()));
  },
  peers: {
    [RAW]() {
      const sequelize = new (ownSequelizeWithContext())(postgresOptions());
      return inserting(sequelize, (insert) => sequelize.transaction(() => insert()));
    },
  },
  targets: [{ against: RAW, atMost: 1.02 }],
};

const NESTED = 'nested sequelize.transaction and a RELEASE';

const nestedInsert: Benchmark = {
  name: 'nested atomic with one insert, PostgreSQL',
  unit: 'µs',
  rounds: 101,
  sample: 60,
  ours() {
    const sequelize = new (ownSequelize())(postgresOptions());
    install(sequelize);
    return inserting(sequelize, (insert) => atomic(() => atomic(() => insert())));
  },
  peers: {
    [NESTED]() {
      const sequelize = new (ownSequelizeWithContext())(postgresOptions());
      return inserting(sequelize, (insert) =>
        sequelize.transaction(async (transaction) => {
          let savepoint = '';
          await sequelize.transaction({ transaction }, (inner) => {
            savepoint = (inner as unknown as { name: string }).name;
            return insert();
          });
          await sequelize.query(`RELEASE SAVEPOINT "${savepoint}"`);
        }),
      );
    },
  },
  targets: [{ against: NESTED, atMost: 1.02 }],
};

const noStatement: Benchmark = {
  name: 'atomic without a statement, PostgreSQL',
  unit: 'µs',
  ours() {
    const sequelize = new (ownSequelize())(postgresOptions());
    install(sequelize);
    return counting((count) => atomic(async () => count()));
  },
  peers: {
    [RAW]() {
      const sequelize = new (ownSequelizeWithContext())(postgresOptions());
      return counting((count) => sequelize.transaction(async () => count()));
    },
  },
  targets: [{ against: RAW, atMost: 1 / 20 }],
};

function counting(once: (count: () => void) => Promise<void>): Contender {
  let counted = 0;
  return {
    async run(times) {
      for (let i = 0; i < times; i += 1) {
        await once(() => {
          counted += 1;
        });
      }
    },
    check(times) {
      if (counted !== times) throw new Error(`${counted} bodies ran, not ${times}.`);
    },
  };
}

const SHALLOW = 'the same, one of 100';

/** One block in another, so many deep, around a single insert. */
function nesting(depth: number): () => Promise<Contender> {
  return async () => {
    const sequelize = new (ownSequelize())(sqliteOptions);
    const { atomic: own } = install(sequelize, { using: `depth ${depth}` });
    const Item = await itemModel(sequelize);
    const nest = (levels: number): Promise<unknown> =>
      own(() => (levels === 1 ? Item.create({ name: 'deep' }) : nest(levels - 1)));
    let stored = 0;
    return {
      async run(times) {
        for (let done = 0; done < times; done += depth, stored += 1) await nest(depth);
      },
      check: () => expectRows(Item, stored),
    };
  };
}

const deep: Benchmark = {
  name: 'nested atomic, one of 1,000 inside one another, SQLite',
  unit: 'µs',
  times: 1_000,
  rounds: 11,
  ours: nesting(1_000),
  peers: { [SHALLOW]: nesting(100) },
  targets: [{ against: SHALLOW, atMost: 1.5 }],
};

export const benchmarks: readonly Benchmark[] = [oneInsert, nestedInsert, noStatement, deep];
