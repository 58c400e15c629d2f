import { join } from 'node:path';
import { describeLives } from '../support/lives.js';

describeLives('what a block remembers of instances', join(__dirname, 'instance-lives-program.js'), [
  'instances that a block has made, and nobody holds',
  'values that an instance had between the nested blocks of one that goes on',
  'values that an instance had before a block whose transaction is kept',
  'memory that 50,000 things took that nobody holds',
]);
