/** Calls `tell` with each node of a compiled file, and with the nodes around it, the innermost first. */
export function visit(node, around, tell) {
  if (isFromTypeScript(node)) return;
  tell(node, around);
  for (const value of Object.values(node)) {
    for (const child of [value].flat()) {
      if (typeof child?.type === 'string') visit(child, [node, ...around], tell);
    }
  }
}

export function isFunction(node) {
  return /Function/.test(node?.type);
}

export function isCallOf(node, name) {
  return node?.type === 'CallExpression' && node.callee.name === name;
}

/** Whether this is what the compiler makes of imports and exports, of which the source has other words. */
function isFromTypeScript({ type, directive, expression, declarations }) {
  if (directive !== undefined) return true;
  if (type === 'VariableDeclaration')
    return declarations.some(({ init }) => isCallOf(init, 'require'));
  if (type !== 'ExpressionStatement') return false;
  const target = expression.type === 'CallExpression' ? expression.arguments[0] : expression.left;
  if (target?.name === 'exports') return true;
  return target?.object?.name === 'exports' && isPlain(expression.right);
}

function isPlain({ type, right }) {
  if (type === 'AssignmentExpression') return isPlain(right);
  return type === 'Identifier' || type === 'UnaryExpression';
}
