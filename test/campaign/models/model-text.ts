import type { ModelProgram, ModelStep, Rows } from './model-program.js';

/** A program as a person reads it: a line for each receiver and step. */
export function modelProgramText({ receivers, steps }: ModelProgram): string {
  return [
    ...receivers.map(
      ({ table, signal, does, at }) => `a receiver of ${signal} of ${table} ${does} (${at})`,
    ),
    ...steps.flatMap(lines),
  ].join('\n');
}

function lines(step: ModelStep): string[] {
  if (step.does !== 'block') return [stepText(step)];
  return [
    `${step.by}${step.throws ? ', throws' : ''}`,
    ...step.steps.flatMap(lines).map((line) => `  ${line}`),
  ];
}

function stepText({ does, ...what }: Exclude<ModelStep, { does: 'block' }>): string {
  const facts = Object.entries(what)
    .filter(([, value]) => value !== false && value !== null && value !== undefined)
    .map(([name, value]) => `${name}: ${valueText(value)}`);
  return `${does} { ${facts.join(', ')} }`;
}

function valueText(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return JSON.stringify(value);
  }
  const rows = value as Rows;
  if (rows.by === 'all') return 'all';
  return rows.by === 'n' ? `n = ${rows.n}` : `keys ${rows.keys.join(', ')}`;
}
