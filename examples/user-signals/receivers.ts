import { postSave, receiver } from 'sequelize-signals';
import { User } from './user.js';

export const userSaved = receiver(postSave, { sender: User })(({ instance }) => {
  console.log(`Signal executed for user: ${instance.username}`);
});
