import { join } from 'node:path';
import { describeLives } from '../support/lives.js';

describeLives('what a test remembers while it goes on', join(__dirname, 'lives-program.js'), [
  'blocks that sent nothing',
  'blocks that sent queries',
  'savepoints that were set by hand in a block of its own each',
  'transactions of Sequelize, nested ones too',
  'tests inside of a test',
  'blocks without callbacks in a capture that is open',
  'blocks without callbacks in a capture of the whole process',
  'captures that have ended, of a flow that goes on in each',
  'mutes that have ended, of the whole process and of a flow that goes on in each',
  'mutes that a flow went on from',
]);
