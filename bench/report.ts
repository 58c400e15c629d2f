import type { Target } from './benchmark.js';
import type { Reached, Result } from './compare.js';

/** One result as text: a line for the library, and a line for each peer. */
export function asText(result: Result): string {
  const { name, unit, clock, ours, peers, targets } = result;
  const lines = [`${name} (${clock === 'cpu' ? 'CPU ' : ''}${unit})`];
  lines.push(`  ${pad('sequelize-signals')} ${asNumber(ours)}`);
  for (const [peer, value] of Object.entries(peers)) {
    const ratio =
      peer === result.against
        ? `${asNumber(result.ratio)}${asSpread(result)}`
        : asNumber(ours / value);
    lines.push(`  ${pad(peer)} ${asNumber(value)}  ratio ${ratio}`);
  }
  for (const each of targets) lines.push(`  ${asVerdict(each, unit)}`);
  return lines.join('\n');
}

/** All results as the table of docs/performance.md: a row for each target. */
export function asMarkdown(results: readonly Result[]): string {
  const rows = results.flatMap((result) =>
    result.targets.map((each, index) => {
      const { name, unit, clock, ours } = result;
      const cpu = clock === 'cpu' ? ', CPU' : '';
      const what = index === 0 ? `${name} | ${asNumber(ours)} ${unit}${cpu}` : ' | ';
      const measured = `${asNumber(each.value)} | ${each.holds ? 'yes' : '**no**'}`;
      return `| ${what} | ${besides(each.target, result)} | ${wanted(each.target, unit)} | ${measured} |`;
    }),
  );
  return [
    '| what | takes | beside | target | measured | holds |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function besides(target: Target, { peers, unit }: Result): string {
  if (!('against' in target)) return '';
  return `${target.against}: ${asNumber(peers[target.against] ?? Number.NaN)} ${unit}`;
}

function asVerdict({ target, value, holds }: Reached, unit: string): string {
  const about = 'against' in target ? `${target.against}: ` : '';
  return `${holds ? '✓' : '✗'} ${about}${asNumber(value)}, wanted ${wanted(target, unit)}`;
}

function wanted(target: Target, unit: string): string {
  if ('below' in target) return `< ${target.below} ${unit}`;
  return 'within' in target ? `≤ +${target.within} ${unit}` : `≤ ${asNumber(target.atMost)}×`;
}

function asSpread({ spread: [low, high] }: Result): string {
  return ` (${asNumber(low)} to ${asNumber(high)})`;
}

function asNumber(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const digits = Math.abs(value) < 10 ? 3 : 4;
  return value >= 1000 ? String(Math.round(value)) : value.toPrecision(digits);
}

function pad(name: string): string {
  return name.padEnd(44);
}
