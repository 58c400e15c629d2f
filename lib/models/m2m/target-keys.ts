import type { Identifier } from 'sequelize';
import { type RelationSide, textOfValue } from '../../sequelize/index.js';

/**
 * The keys of the targets that one call has to do with, as they are when the targets are loaded.
 * Equal ones are one and the same here, for sets and maps to find them: no two Buffers are, nor dates.
 */
export class TargetKeys {
  readonly side: RelationSide;
  readonly #known = new Map<unknown, Identifier>();

  constructor(side: RelationSide) {
    this.side = side;
  }

  /** For a key of whatever type its attribute understands. */
  of(key: unknown): Identifier {
    return this.#theOne(this.side.targetKeyAsLoaded(key));
  }

  /** For the target that a link leads to; undefined for a row that has lost its target. */
  ofLink(link: Readonly<Record<string, unknown>>): Identifier | undefined {
    const key = this.side.targetOf(link);
    return key === undefined ? undefined : this.#theOne(key);
  }

  #theOne(key: Identifier): Identifier {
    const identity = textOfValue(key);
    const known = this.#known.get(identity) ?? key;
    this.#known.set(identity, known);
    return known;
  }
}
