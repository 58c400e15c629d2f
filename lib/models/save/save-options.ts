import type { SaveOptions } from 'sequelize';
import type { RowQueue } from '../../sequelize/index.js';
import type { InRace } from '../find-or-create/race.js';

/** On the options of an update: the fields that the caller gave values for, changed or not. */
export const GIVEN_FIELDS: unique symbol = Symbol('given fields');

/** On the options of a save that is one of several: the queue in which it has to wait for its turn. */
export const ROW_QUEUE: unique symbol = Symbol('row queue');

/** On the options of a save that is one of several: their call has its signals switched off. */
export const MUTED: unique symbol = Symbol('muted');

/** What this library puts on the options of a save. */
export interface SaveMarks extends InRace {
  readonly [GIVEN_FIELDS]?: readonly string[] | undefined;
  readonly [MUTED]?: true;
  [ROW_QUEUE]?: RowQueue | undefined;
}

/** The options of a save, as callers and hooks get them. */
export interface SaveCallOptions extends Omit<SaveOptions, 'fields'>, SaveMarks {
  readonly fields?: string[] | undefined;
  readonly individualHooks?: boolean | undefined;
  readonly raw?: boolean | undefined;
}
