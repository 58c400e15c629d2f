/**
 * A receiver of `postSave`, and a transaction that is rolled back after it ran.
 *
 * Django prints the same four lines. The receiver's comes first, as it is called within
 * `User.create()`, before that resolves. It is there although the user is rolled back later: what
 * must not happen for a user that is never stored belongs into `onCommit()`, see the next examples.
 */
import { createUser } from './create-user.js';
import './receivers.js';
import { sequelize } from './user.js';

async function main(): Promise<void> {
  await sequelize.sync();
  await createUser('testuser');
}

void main();
