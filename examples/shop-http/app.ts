import express, { type ErrorRequestHandler, type Express } from 'express';
import session from 'express-session';
import { onCommit } from 'sequelize-signals';
import { atomicRequests, nonAtomic, reportExceptions } from 'sequelize-signals/express';
import { Order, Product } from './models.js';
import { SequelizeStore } from './session-store.js';

declare module 'express-session' {
  interface SessionData {
    orders: number[];
  }
}

/** The pages of the shop. Each view is stored as a whole, before its visitor is told anything. */
export function createApp(): Express {
  const app = express();
  app.set('env', 'test');
  app.use(express.json());
  app.use(
    session({
      secret: 'of the example',
      resave: false,
      saveUninitialized: false,
      store: new SequelizeStore(),
    }),
  );
  atomicRequests(app);

  app.post('/orders', async (request, response) => {
    const { customer, product } = request.body;
    const order = await Order.create({ customer, product });
    // The session is no part of the block: it is to know of orders that are stored, and of no others.
    await onCommit(() => {
      request.session.orders = [...(request.session.orders ?? []), order.id];
    });
    response.status(201).json({ order: order.id });
    // Whoever pays late has answered already, and is rolled back all the same.
    if (customer === 'nobody') throw new Error('The card was refused.');
  });

  app.get('/orders', async (request, response) => {
    response.json({ orders: request.session.orders ?? [] });
  });

  app.get('/products.txt', async (_request, response) => {
    for (const { name, stock } of await Product.findAll({ order: ['name'] })) {
      response.write(`${name}: ${stock}\n`);
    }
    response.end();
  });

  app.get(
    '/health',
    nonAtomic((_request, response) => {
      response.json({ up: true });
    }),
  );

  app.use(reportExceptions());
  const answerErrors: ErrorRequestHandler = (error, _request, response, next) => {
    if (response.headersSent) next(error);
    else response.status(error.status ?? 500).json({ error: error.message });
  };
  app.use(answerErrors);
  return app;
}
