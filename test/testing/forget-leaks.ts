import { assertNoLeaks } from 'sequelize-signals/testing';

/** Makes what other tests left behind nobody's business. */
export function forgetLeaks(): void {
  try {
    assertNoLeaks();
  } catch {
    // It is reported once.
  }
}
