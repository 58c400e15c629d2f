/** How to undo what has been done so far, in the innermost `allOrNothing` that is running. */
let undos: (() => void)[] | undefined;

/**
 * Runs `body`, which is synchronous. When it throws, all that was noted in it by `ifItFails` is
 * undone, the latest first.
 */
export function allOrNothing<Result>(body: () => Result): Result {
  const around = undos;
  const own: (() => void)[] = [];
  undos = own;
  try {
    const result = body();
    around?.push(...own);
    return result;
  } catch (error) {
    for (const undo of own.reverse()) attempt(undo);
    throw error;
  } finally {
    undos = around;
  }
}

/** Notes how to undo what was just done, for the case that what comes after it fails. */
export function ifItFails(undo: () => void): void {
  undos?.push(undo);
}

function attempt(undo: () => void): void {
  try {
    undo();
  } catch {
    // The first error is the one to tell, and the other undos are to run.
  }
}
