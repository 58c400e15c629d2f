/**
 * Lets the rows of one call be dealt with one after another, and none after one that failed.
 * Sequelize deals with all of them at once, but those who are told of each share one connection, and
 * their order means something (J-21).
 */
export class RowQueue {
  #last: Promise<unknown> = Promise.resolve();

  inTurn<Result>(row: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(row);
    this.#last = turn;
    return turn;
  }
}
