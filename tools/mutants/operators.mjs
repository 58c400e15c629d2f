import { parseAst } from 'rollup/parseAst';
import { isCallOf, isFunction, visit } from './syntax.mjs';

/**
 * The mutants of a compiled file: small changes, each of which a test should notice. An operator is
 * told of each node with the nodes around it, and yields what to replace, and by what.
 *
 * Left alone are the texts of messages, which are for people, and what the compiler added.
 */
export function mutantsIn(code) {
  const mutants = new Map();
  visit(parseAst(code, { allowReturnOutsideFunction: true }), [], (node, around) => {
    for (const operator of OPERATORS) {
      for (const [{ start, end }, replacement] of operator(node, around, code)) {
        const original = code.slice(start, end);
        if (original === replacement) continue;
        // Two operators may come to the same change.
        const change = `${start}:${end}:${replacement}`;
        mutants.set(change, {
          start,
          end,
          original,
          replacement,
          within: nameOf([node, ...around]),
        });
      }
    }
  });
  return [...mutants.values()];
}

/** What the function or class is called that something is in. */
function nameOf(around) {
  const names = around.map(({ type, key, id }) => {
    if (type === 'MethodDefinition')
      return key.type === 'PrivateIdentifier' ? `#${key.name}` : key.name;
    return type === 'FunctionDeclaration' || type === 'ClassDeclaration' ? id.name : undefined;
  });
  return names.find((name) => name !== undefined) ?? '';
}

const OPPOSITES = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '+=': ['-='],
  '-=': ['+='],
  '??=': ['='],
  '||=': ['='],
  '&&=': ['='],
  '++': ['--'],
  '--': ['++'],
};

const METHODS = {
  some: 'every',
  every: 'some',
  indexOf: 'lastIndexOf',
  lastIndexOf: 'indexOf',
  min: 'max',
  max: 'min',
  shift: 'pop',
  pop: 'shift',
  push: 'unshift',
  unshift: 'push',
};

const CHANGING_NOTHING = new Set([
  'filter',
  'sort',
  'reverse',
  'toSorted',
  'toReversed',
  'slice',
  'flat',
]);

const OPERATORS = [
  function* condition(node) {
    const { type, test } = node;
    if (!test) return;
    yield [test, 'false'];
    if (type === 'IfStatement' || type === 'ConditionalExpression') yield [test, 'true'];
  },

  function* comparison(node, [parent]) {
    if (node.type !== 'BinaryExpression' || !/[=<>]/.test(node.operator)) return;
    // A condition already, or what another operator leaves out.
    if (parent.test === node || parent.type === 'LogicalExpression') return;
    yield [node, 'true'];
    yield [node, 'false'];
  },

  function* operand({ type, left, right, start, end }, _, code) {
    if (type !== 'LogicalExpression') return;
    yield [{ start, end }, code.slice(left.start, left.end)];
    yield [{ start, end }, code.slice(right.start, right.end)];
  },

  function* opposite({ type, operator, left, right, start, end, argument, prefix }, _, code) {
    const isText = [left, right].some(
      (side) => side?.type === 'TemplateLiteral' || typeof side?.value === 'string',
    );
    if (isText && operator === '+') return;
    if (left && right && type !== 'LogicalExpression') {
      const between = code.slice(left.end, right.start);
      for (const other of OPPOSITES[operator] ?? []) {
        const replacement =
          code.slice(start, left.end) +
          between.replace(operator, other) +
          code.slice(right.start, end);
        yield [{ start, end }, replacement];
      }
    } else if (type === 'UpdateExpression') {
      const text = code.slice(argument.start, argument.end);
      const [other] = OPPOSITES[operator];
      yield [{ start, end }, prefix ? other + text : text + other];
    }
  },

  function* negation({ type, operator, argument, value, start, end }, _, code) {
    if (type === 'Literal' && typeof value === 'boolean') yield [{ start, end }, String(!value)];
    if (type !== 'UnaryExpression') return;
    if (operator === '!') yield [{ start, end }, code.slice(argument.start, argument.end)];
    if (operator === '-') yield [{ start, end }, `+${code.slice(argument.start, argument.end)}`];
  },

  function* chain({ type, optional, object, callee, start, end }, _, code) {
    if (!optional) return;
    const before = object ?? callee;
    const text = code.slice(before.end, end);
    const isMember = type === 'MemberExpression' && !text.startsWith('?.[');
    yield [{ start, end }, code.slice(start, before.end) + text.replace('?.', isMember ? '.' : '')];
  },

  /** A statement is left out. */
  function* statement(node, [parent]) {
    if (node.type !== 'ExpressionStatement' && node.type !== 'ThrowStatement') return;
    if (isCallOf(node.expression, 'super') || node.expression?.callee?.type === 'Super') return;
    // Alone, it is what another operator empties.
    const isAlone =
      parent.type === 'IfStatement' ||
      (parent.type === 'BlockStatement' && parent.body.length === 1);
    if (!isAlone) yield [node, ';'];
  },

  /** A block is emptied, or the body of a function. */
  function* block(node, [parent]) {
    if (node.type !== 'BlockStatement' || node.body.length === 0) return;
    if (parent.type === 'IfStatement' && !parent.alternate) return; // is a condition that is false
    if (isSuperCall(node.body[0])) return;
    yield [node, '{}'];
  },

  function* arrow({ type, expression, body }) {
    if (type === 'ArrowFunctionExpression' && expression) yield [body, 'undefined'];
  },

  function* waiting({ type, argument, start, end }, around, code) {
    if (type !== 'AwaitExpression') return;
    const isReturned = around[0].type === 'ReturnStatement' && !isTried(around);
    if (!isReturned) yield [{ start, end }, code.slice(argument.start, argument.end)];
  },

  function* literal({ type, value, elements, properties, start, end }, [parent]) {
    if (type === 'ArrayExpression' && elements.length > 0) yield [{ start, end }, '[]'];
    if (type === 'ObjectExpression' && properties.length > 0) yield [{ start, end }, '({})'];
    if (type !== 'Literal' || typeof value !== 'string' || !/^\S+$/.test(value)) return;
    if (parent.key !== undefined && parent.value?.start !== start) return; // is a name
    yield [{ start, end }, "''"];
  },

  function* method({ type, callee, start, end }, _, code) {
    if (type !== 'CallExpression' || callee.type !== 'MemberExpression' || callee.computed) return;
    const { name } = callee.property;
    const object = code.slice(callee.object.start, callee.object.end);
    if (CHANGING_NOTHING.has(name)) yield [{ start, end }, object];
    if (Object.hasOwn(METHODS, name)) yield [callee.property, METHODS[name]];
  },
];

function isSuperCall({ expression }) {
  return expression?.type === 'CallExpression' && expression.callee.type === 'Super';
}

/** Whether the `try` of the same function is what awaits. */
function isTried(around) {
  const inside = around.findIndex(isFunction);
  return around.slice(0, inside).some(({ type }) => type === 'TryStatement');
}
