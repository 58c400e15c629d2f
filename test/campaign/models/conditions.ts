import { Op } from 'sequelize';
import type { Values } from './schema.js';

/** What columns are called that have another name than their attributes. */
const ATTRIBUTES: Readonly<Record<string, string>> = { number: 'n', second: 'two' };

/** Whether a condition holds for a row: for the few kinds of conditions that programs have. */
export function matches(row: Values, where: unknown): boolean {
  if (where === undefined || where === null) return true;
  if (Array.isArray(where)) return where.every((part) => matches(row, part));
  return Reflect.ownKeys(where as object).every((name) =>
    holds(row, name, (where as Record<PropertyKey, unknown>)[name]),
  );
}

function holds(row: Values, name: PropertyKey, wanted: unknown): boolean {
  if (name === Op.and) return [wanted].flat().every((part) => matches(row, part));
  if (typeof name !== 'string') throw new Error(`Who knows ${String(name)}?`);
  const attribute = ATTRIBUTES[name] ?? name;
  return isLike(attribute, row[attribute] ?? null, wanted);
}

function isLike(attribute: string, value: string | null, wanted: unknown): boolean {
  if (Array.isArray(wanted)) return wanted.some((each) => isLike(attribute, value, each));
  if (wanted !== null && typeof wanted === 'object') {
    const conditions = wanted as Record<symbol, unknown>;
    return Object.getOwnPropertySymbols(wanted).every((operator) => {
      if (operator !== Op.eq && operator !== Op.in)
        throw new Error(`Who knows ${String(operator)}?`);
      return isLike(attribute, value, conditions[operator]);
    });
  }
  if (wanted === null) return attribute === 'deletedAt' ? value === '0' : value === null;
  return value === String(wanted);
}
