import { postSave } from 'sequelize-signals';
import { MainModel, SignalModel } from './models.js';

// No transaction is passed on: the receiver is in the one of the save that caused it.
postSave.connect(
  async function createSignalModel({ instance, created }) {
    if (!created) return;
    await SignalModel.create({ mainModelId: instance.id, message: 'Created by signal' });
  },
  { sender: MainModel },
);
