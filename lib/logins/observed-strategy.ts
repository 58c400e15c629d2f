/** What a Passport calls of a strategy. */
export interface Strategy {
  readonly name?: string | undefined;
  authenticate(...parameters: unknown[]): unknown;
}

type Action = (...parameters: unknown[]) => unknown;
/** By what a strategy tells how it went: a Passport puts them on it for each request. */
type Actions = Readonly<Record<(typeof ACTIONS)[number], Action>>;

const ACTIONS = ['success', 'fail', 'redirect', 'pass', 'error'] as const;

/**
 * Stands for a strategy in one request, and lets `failed` know when it fails. That goes on by what it is
 * given.
 *
 * @param ofRequest - gives the strategy on which Passport would put its actions for this request.
 */
export function observeStrategy(
  name: string | undefined,
  ofRequest: () => Strategy,
  failed: (goOn: () => void) => void,
): Strategy {
  return {
    name,
    authenticate(this: Actions & Strategy, ...parameters) {
      const strategy = ofRequest();
      const actions = ACTIONS.map((action): [string, Action] => [
        action,
        (...given) => this[action](...given),
      ]);
      const fail: Action = (...given) => failed(() => this.fail(...given));
      Object.assign(strategy, Object.fromEntries(actions), { fail });
      return strategy.authenticate(...parameters);
    },
  };
}
