import type { Fault } from '../support/faulty-proxy.js';
import type { Body, Program, Step } from './program.js';

/** A program as a person reads it: a line for each step. */
export function textOf({ flows, faults, inTest }: Program): string {
  return [
    ...(inTest ? ['in the transaction of a test'] : []),
    ...faults.map(faultText),
    ...flows.flatMap((flow, index) => [
      ...(flows.length > 1 ? [`flow ${index + 1}`] : []),
      ...lines(flow),
    ]),
  ].join('\n');
}

const CUTS: Readonly<Record<Fault['cut'], string>> = {
  statement: 'the connection is cut before the server gets',
  answer: 'the connection is cut before the client gets the answer to',
  silence: 'nothing more comes from the server, and then the connection is cut, at',
  delay: 'the answer is late to',
};

function faultText({ text, number, cut }: Fault): string {
  return `${CUTS[cut]} ${text === '' ? 'statement' : text} no. ${number}`;
}

function lines(step: Step): string[] {
  const remarks = [
    ...(step.awaited ? [] : ['not awaited']),
    ...(step.swallowed ? ['its error is caught'] : []),
  ];
  const remark = remarks.length > 0 ? `   // ${remarks.join(', ')}` : '';
  const [first, ...others] = stepLines(step);
  return [`${first}${remark}`, ...others];
}

function stepLines(step: Step): string[] {
  switch (step.does) {
    case 'write':
      return [`write${step.names === 'none' ? '' : ` { transaction: ${step.names} }`}`];
    case 'update':
      return ['save what was written last once more'];
    case 'keepsake':
      return ['save the instance that was made before'];
    case 'read':
      return ['read'];
    case 'fail':
      return [step.by === 'application' ? 'throw' : `send what fails: ${step.by}`];
    case 'lock':
      return [`lock row ${step.row}`];
    case 'setRollback':
      return ['setRollback(true)'];
    case 'register':
      return [`${step.by}(callback that ${step.callback})`];
    case 'savepoint':
      return ['savepoint()', ...indented(step.body), ...savepointEnd(step.end)];
    case 'outside':
    case 'call':
      return [step.does, ...indented(step.body)];
    case 'block':
      return [blockText(step), ...indented(step.body)];
  }
}

function savepointEnd(end: 'none' | 'commit' | 'rollback'): string[] {
  if (end === 'none') return [];
  return [end === 'commit' ? 'savepointCommit()' : 'savepointRollback()'];
}

function blockText({ kind, nested, retries, end }: Extract<Step, { does: 'block' }>): string {
  const options = nested ? '{ transaction: own }' : '{}';
  switch (kind) {
    case 'atomic':
      return `atomic(${retries > 0 ? `{ retry: { times: ${retries} } }` : ''})`;
    case 'merged':
      return 'atomic({ savepoint: false })';
    case 'managed':
      return `sequelize.transaction(${options}, callback)`;
    case 'by hand':
      return `sequelize.transaction(${options}), then ${end}()`;
  }
}

function indented({ steps, order }: Body): string[] {
  const together = order === 'in turn' ? [] : [`together, with ${order}:`];
  return [...together, ...steps.flatMap(lines)].map((line) => `  ${line}`);
}
