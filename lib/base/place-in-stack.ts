import { isError } from './thrown.js';

/** A line of a stack, as `at async Till.charge [as pay] (file:///app/till.js:3:9)`. */
const FRAME =
  /^\s*at (?:async )?(?:(?<called>[^ ]*).* \()?(?:file:\/\/)?(?<place>[^()]+:\d+:\d+)\)?$/;

/** Places that are no file of the application. */
const FOREIGN = /^node:|[\\/]node_modules[\\/]/;

/**
 * Where an error was thrown, as a file with line and column: in the function of this name if that is
 * in its stack, else in the first file that is the application's. Undefined where nobody can tell.
 */
export function placeInStack(error: unknown, name: string): string | undefined {
  const frames = stackOf(error)
    .split('\n')
    .map((line) => FRAME.exec(line)?.groups)
    .filter((frame) => frame !== undefined);
  const own = frames.filter(({ place = '' }) => !FOREIGN.test(place));
  const named = own.find(({ called = '' }) => called.split('.').at(-1) === name);
  return (named ?? own[0])?.place;
}

/** A stack may be anything, and a getter that throws. */
function stackOf(error: unknown): string {
  try {
    const stack: unknown = isError(error) ? error.stack : undefined;
    return typeof stack === 'string' ? stack : '';
  } catch {
    return '';
  }
}
