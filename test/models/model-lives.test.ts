import { join } from 'node:path';
import { describeLives } from '../support/lives.js';

describeLives(
  'what an installed database remembers of models',
  join(__dirname, 'model-lives-program.js'),
  [
    'models that were defined anew',
    'models that were defined anew, each with receivers of its own',
    'models that were linked through the same model as those in their place',
    'memory that 100,000 models took whose methods were replaced',
  ],
);
