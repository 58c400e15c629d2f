import { configure } from 'sequelize-signals';
import { fake } from 'sinon';

/** What the library has logged as errors during one test: messages with their errors. */
export type Logged = [message: string, error: unknown][];

/** Takes the library's logger away from the tests of a suite, and returns what each has logged. */
export function captureLog(): () => Logged {
  const error = fake();
  beforeEach(() => {
    error.resetHistory();
    configure({ logger: { error, warn: fake() } });
  });
  afterEach(() => configure({ logger: null }));
  return () => error.args as Logged;
}
