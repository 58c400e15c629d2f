import { atomic } from 'sequelize-signals';
import { User } from './user.js';

class SimulatedFailure extends Error {}

/** Creates a user, fails before the block ends, and counts what is left. */
export async function createUser(username: string): Promise<void> {
  try {
    await atomic(async () => {
      const user = await User.create({ username });
      console.log(`User created: ${user.username}`);

      throw new SimulatedFailure('something goes wrong before the block ends');
    });
  } catch (error) {
    if (!(error instanceof SimulatedFailure)) throw error;
    console.log('Transaction rolled back');
  }

  console.log(`Total users: ${await User.count()}`);
}
