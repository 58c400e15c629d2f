let count = 0;

/** What a block is called in messages, such as `atomic block #3 "placeOrder"`. */
export class BlockName {
  readonly #kind: 'atomic block' | 'transaction';
  readonly #function: string;
  readonly #number: number;

  constructor(kind: 'atomic block' | 'transaction', functionName: string) {
    count += 1;
    this.#kind = kind;
    this.#function = functionName;
    this.#number = count;
  }

  /** The text, made anew each time: hardly any block is ever spoken of. */
  get label(): string {
    const short = `${this.#kind} #${this.#number}`;
    return this.#function ? `${short} "${this.#function}"` : short;
  }
}
