import { Arena, type Verdict } from './arena.js';
import { type Features, generate } from './generate.js';
import type { Kind } from './kind.js';
import type { Program } from './program.js';
import { smallerPrograms } from './shrink.js';
import type { Tally } from './tally.js';
import { textOf } from './text.js';

/** Programs about transactions, on failing connections. */
export function transactionKind(features: Features): Kind<Program, Verdict> {
  return {
    generate: (seed) => generate(seed, features),
    open: (connect) => Arena.open(connect, features),
    smallerThan: smallerPrograms,
    textOf,
    count,
  };
}

function count(tally: Tally, program: Program, { witness, faults, ...judged }: Verdict): void {
  tally.count(program.inTest ? 'programs in the transaction of a test' : 'programs');
  for (const fault of faults) tally.count(`fault: ${fault}`);
  for (const { kind, parent, outcome } of witness.scopes) {
    if (kind !== 'none') tally.count(`block: ${kind}${parent ? ' inside another' : ''} ${outcome}`);
  }
  for (const { requested } of witness.scopes) {
    if (requested === true) tally.count('block: undone by setRollback(true)');
  }
  tally.count('entry: kept', judged.kept);
  tally.count('entry: undone', judged.undone);
  tally.count('entry: nobody can know', judged.unknown);
  tally.count('COMMIT: answer lost, and stored', judged.ambiguous);
  tally.count('savepoint by hand: rolled back', witness.undoings.length);
  tally.count('callback: called', witness.called.length);
  tally.count('callback: dropped', witness.registrations.length - witness.called.length);
}
