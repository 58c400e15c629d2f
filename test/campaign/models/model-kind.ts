import type { Kind } from '../kind.js';
import { generateModelProgram } from './generate-models.js';
import { ModelArena } from './model-arena.js';
import { type ModelProgram, smallerModelPrograms } from './model-program.js';
import { modelProgramText } from './model-text.js';
import type { ModelVerdict } from './run-model-program.js';

/** Programs about models, whose signals are compared with what is stored. */
export const modelKind: Kind<ModelProgram, ModelVerdict> = {
  generate: generateModelProgram,
  open: (connect) => ModelArena.open(connect),
  smallerThan: smallerModelPrograms,
  textOf: modelProgramText,
  count(tally, program, { counts }) {
    tally.count('programs');
    tally.count('receivers', program.receivers.length);
    for (const [what, times] of counts) tally.count(what, times);
  },
};
