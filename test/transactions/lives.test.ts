import { join } from 'node:path';
import { describeLives } from '../support/lives.js';

describeLives(
  'what a block or a flow remembers while it goes on',
  join(__dirname, 'lives-program.js'),
  [
    'queries of a block that goes on',
    'nested blocks of one that goes on',
    'nested blocks that failed, with their callbacks',
    'savepoints of a block that goes on',
    'transactions of Sequelize in one that goes on',
    'steps of a flow that goes outside of a block again and again',
    'blocks whose callback queries, and begins the next one',
    'blocks that lost, and were run again',
  ],
);
