import type { Identifier } from 'sequelize';
import type { RelationSide } from '../../sequelize/index.js';

/**
 * The keys of the targets that one call has to do with, as they are when the targets are loaded.
 * Equal ones are one and the same here, for sets and maps to find them: no two Buffers are.
 */
export class TargetKeys {
  readonly side: RelationSide;
  readonly #buffers = new Map<string, Buffer>();

  constructor(side: RelationSide) {
    this.side = side;
  }

  /** For a key of whatever type its attribute understands. */
  of(key: unknown): Identifier {
    return this.#theOne(this.side.targetKeyAsLoaded(key));
  }

  /** For the target that a link leads to. */
  ofLink(link: Readonly<Record<string, unknown>>): Identifier {
    return this.#theOne(this.side.targetOf(link));
  }

  #theOne(key: Identifier): Identifier {
    if (!Buffer.isBuffer(key)) return key;
    const bytes = key.toString('hex');
    const known = this.#buffers.get(bytes) ?? key;
    this.#buffers.set(bytes, known);
    return known;
  }
}
