import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';

// Garbage is collected on demand only with a flag, and cleanly only where nothing else runs.
const PROGRAM = join(__dirname, 'weak-receivers-program.js');

describe('the lives of receivers and senders', () => {
  let outcomes: Record<string, unknown>;

  before(function () {
    this.timeout(60_000);
    const output = execFileSync(process.execPath, ['--expose-gc', PROGRAM], { encoding: 'utf8' });
    outcomes = JSON.parse(output);
  });

  const expected: Record<string, unknown> = {
    'J-05, D-037: a receiver is kept alive without "weak"': { responses: 1, live: 1 },
    'D-035: a weak receiver dies with its last reference': { responses: 0, live: 0 },
    'a weak receiver that is referenced is kept': { responses: 1, live: 1 },
    'an object is kept alive without "weak"': { responses: 1, live: 1 },
    'D-036: a weak method dies with its object': { responses: 0, live: 0 },
    'D-036: a weak method lives as long as its object': { responses: 1, live: 1 },
    'J-06: a function bound to its object lives as long as the object': { responses: 1, live: 1 },
    'J-06: a function bound to its object lets the object die': { responses: 0, live: 0 },
    'a function that closes over its object lets the object die': { responses: 0, live: 0 },
    'a decorated weak method dies with its object': { responses: 0, live: 0 },
    'D-039: a dead receiver is skipped before it is purged': {
      responses: 0,
      listeners: false,
      live: 0,
    },
    'D-039: a dead receiver is no listener while something is muted': { listeners: false },
    'a dispatchUid is free again when its receiver has died': { first: false, second: 1 },
    'D-041, D-042: a sender is not kept alive': { alive: false, live: 0 },
    'D-041: a sender is not kept alive by receivers that close over it': { alive: false, live: 0 },
    'D-041: a sender is not kept alive by an undo': { alive: false, undone: false },
    'D-041: one of several senders is not kept alive by the others, nor by an undo': {
      alive: false,
      live: 2,
      undone: true,
    },
    'D-041: a sender is not kept alive by an abort signal': { alive: false, listening: false },
    'D-041, D-044: a sender is not kept alive by any-sender receivers and sends': { alive: false },
    'D-041: a sender is not kept alive by a weak receiver': { alive: false, live: 0 },
    'D-041: short-lived senders each have a connection of their own': { called: 50 },
    'a receiver is not kept alive once it is disconnected': { alive: false },
    'a receiver for any sender is not kept alive by other senders that have sent': {
      alive: false,
    },
    'a signal is not kept alive by its connections': { alive: false, live: 0 },
    'D-038: 100,000 weak receivers leave nothing behind': { live: 0, leaked: false },
    'D-043: 100,000 repeated weak connects leave nothing behind': { live: 1, leaked: false },
    'D-043: 100,000 weak methods of objects that die leave nothing behind': {
      live: 0,
      leaked: false,
    },
    'D-043: 100,000 weak connects and disconnects leave nothing behind': {
      live: 0,
      leaked: false,
    },
    'D-042: 100,000 senders leave nothing behind': { live: 0, leaked: false },
    '100,000 primitive senders leave nothing behind': { live: 0, leaked: false },
  };

  for (const [title, outcome] of Object.entries(expected)) {
    it(title, () => {
      expect(outcomes[title]).to.deep.equal(outcome);
    });
  }

  it('have no case that is not looked at', () => {
    expect(Object.keys(outcomes)).to.have.members(Object.keys(expected));
  });
});
