/** What the receivers of a contender have added up: the proof that each was called. */
export class Tally {
  sum = 0;

  /**
   * Makes so many receivers, each of code of its own: functions that share their code are called
   * faster than the receivers of a real program are.
   *
   * @param amount - where a receiver finds the number to add, in what it is called with.
   */
  receivers(count: number, amount = 'event.amount'): ((event: unknown) => void)[] {
    return Array.from({ length: count }, (_, index) =>
      new Function('tally', `return function receive${index}(event) { tally.sum += ${amount}; }`)(
        this,
      ),
    );
  }

  /** Throws unless that is the sum. */
  expect(sum: number): void {
    if (this.sum !== sum) throw new Error(`The receivers added up ${this.sum}, not ${sum}.`);
  }
}
