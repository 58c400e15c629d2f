/**
 * `connection.onCommit()`: mail that leaves only when the booking it tells of is really stored.
 */
import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  Sequelize,
} from 'sequelize';
import { configure, install } from 'sequelize-signals';

const sequelize = new Sequelize({ dialect: 'sqlite', storage: ':memory:', logging: false });
const connection = install(sequelize);

class Booking extends Model<InferAttributes<Booking>, InferCreationAttributes<Booking>> {
  declare id: CreationOptional<number>;
  declare guest: string;
}

Booking.init(
  {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    guest: DataTypes.STRING,
  },
  { sequelize, timestamps: false },
);

/** Stores a booking. It does not know whether its caller has opened a block, and need not. */
async function book(guest: string): Promise<void> {
  await Booking.create({ guest });
  await connection.onCommit(() => mail(guest));
}

async function mail(guest: string): Promise<void> {
  const stored = await Booking.count({ where: { guest } });
  console.log(`  mail to ${guest} (bookings stored: ${stored})`);
}

async function inOrder(): Promise<void> {
  console.log('Callbacks wait for the COMMIT and run in the order of their registration:');
  await connection.atomic(async () => {
    await book('Ada');
    await connection.atomic(() => book('Grace'));
    await book('Edsger');
    console.log('  three bookings made, no mail so far');
  });
}

async function rolledBack(): Promise<void> {
  console.log('A rollback drops them:');
  const failure = connection.atomic(async () => {
    await book('Alan');
    throw new Error('the hotel is full');
  });
  await failure.catch((error: Error) => console.log(`  no mail, ${error.message}`));
}

async function savepoints(): Promise<void> {
  console.log('A savepoint that is rolled back drops its own, and those of the blocks inside it:');
  await connection.atomic(async () => {
    await book('Barbara');
    const party = connection.atomic(async () => {
      await book('Donald');
      await connection.atomic(() => book('Tony'));
      throw new Error('no room for a party');
    });
    await party.catch((error: Error) => console.log(`  ${error.message}`));
    await book('Frances');
  });
}

async function failing(): Promise<void> {
  console.log('A callback that fails cannot undo the COMMIT. The error reaches the caller:');
  const booking = connection.atomic(async () => {
    await book('Margaret');
    await connection.onCommit(() => {
      throw new Error('the mail server is down');
    });
    await connection.onCommit(() => console.log('  never printed: the failure dropped this one'));
  });
  await booking.catch((error: Error) => console.log(`  caught: ${error.message}`));
  console.log(
    `  Margaret is booked: ${(await Booking.count({ where: { guest: 'Margaret' } })) === 1}`,
  );
}

async function robust(): Promise<void> {
  console.log('With { robust: true } the failure is logged and the next callback runs:');
  configure({
    logger: { error: (message) => console.log(`  log: ${message}`), warn: console.warn },
  });
  await connection.atomic(async () => {
    await book('Radia');
    await connection.onCommit(
      function remindHotel() {
        throw new Error('nobody answers');
      },
      { robust: true },
    );
    await connection.onCommit(() => console.log('  the next callback runs'));
  });
}

async function insideCallbacks(): Promise<void> {
  console.log('A callback is outside of the transaction. It may open a block of its own:');
  await connection.atomic(async () => {
    await connection.onCommit(async () => {
      console.log(`  1, in a block: ${connection.inAtomicBlock()}`);
      await connection.atomic(() => connection.onCommit(() => console.log('  1.1')));
    });
    await connection.onCommit(() => console.log('  2'));
  });
}

async function outside(): Promise<void> {
  console.log('Outside of a block a callback runs at once:');
  await book('Leslie');
  console.log('  booked');
}

async function main(): Promise<void> {
  await sequelize.sync();
  await inOrder();
  await rolledBack();
  await savepoints();
  await failing();
  await robust();
  await insideCallbacks();
  await outside();
  console.log(`Bookings stored: ${(await Booking.findAll()).map(({ guest }) => guest).join(', ')}`);
}

void main();
