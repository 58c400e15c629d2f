import { parseAst } from 'rollup/parseAst';
import { isFunction, visit } from './syntax.mjs';

/**
 * The parts of a compiled file that run or do not run as a whole: where each begins and ends, and what
 * notes at its beginning that it ran goes between.
 */
function partsOf(code) {
  const parts = [];
  const add = ({ start, end }, before, after = '') => parts.push({ start, end, before, after });
  visit(parseAst(code, { allowReturnOutsideFunction: true }), [], (node, [parent]) => {
    if (node.type === 'BlockStatement') add({ start: node.start + 1, end: node.end }, ['', ';']);
    if (isFunction(node) && node.expression) add(node.body, ['(', ','], ')');
    if (node.type === 'LogicalExpression') add(node.right, ['(', ','], ')');
    if (node.type === 'ConditionalExpression') {
      for (const branch of [node.consequent, node.alternate]) add(branch, ['(', ','], ')');
    }
    if (parent?.type === 'IfStatement' && node !== parent.test && node.type !== 'BlockStatement') {
      add(node, ['{', ';'], '}');
    }
  });
  return parts;
}

/** The file with each of its parts noting that it ran. */
export function noting(code, file) {
  const insertions = partsOf(code).flatMap(({ start, end, before: [open, close], after }) => [
    {
      at: start,
      text: `${open}sequelizeSignalsReach.add(${JSON.stringify(`${file}:${start}`)})${close}`,
      inner: end,
    },
    { at: end, text: after, inner: -start },
  ]);
  // Where several begin, the outermost is first; where several end, it is last.
  insertions.sort(
    (a, b) => a.at - b.at || (a.inner < 0 ? -1 : 1) - (b.inner < 0 ? -1 : 1) || b.inner - a.inner,
  );
  let noted = '';
  let done = 0;
  for (const { at, text } of insertions) {
    noted += code.slice(done, at) + text;
    done = at;
  }
  return noted + code.slice(done);
}

/** Finds the innermost part that a position of a file is in; none for what runs when the file is loaded. */
export function partFinder(code, file) {
  const parts = partsOf(code).sort((a, b) => a.end - a.start - (b.end - b.start));
  return (position) => {
    const part = parts.find(({ start, end }) => start <= position && position < end);
    return part && `${file}:${part.start}`;
  };
}
