import { join } from 'node:path';
import { describeLives } from '../support/lives.js';

describeLives('what a test remembers while it goes on', join(__dirname, 'lives-program.js'), [
  'blocks that sent nothing',
  'blocks that sent queries',
  'mutes that a flow went on from',
]);
