import express, { type Express } from 'express';
import { atomic } from 'sequelize-signals';
import { MainModel, SignalModel } from './models.js';

/** Two pages: both create a row in a block, and one of the two blocks fails. */
export function createApp(): Express {
  const app = express();

  app.get('/rollback', async (_request, response) => {
    const creation = atomic(async () => {
      await MainModel.create({ name: 'Test user' });
      throw new Error('Rollback!');
    });
    await creation.catch(() => {});
    response.send(await report());
  });

  app.get('/commit', async (_request, response) => {
    await atomic(() => MainModel.create({ name: 'Test user' }));
    response.send(await report());
  });

  return app;
}

async function report(): Promise<string> {
  const main = (await MainModel.count()) > 0;
  const signal = (await SignalModel.count()) > 0;
  return `MainModel exists: ${main}<br>SignalModel exists: ${signal}`;
}
