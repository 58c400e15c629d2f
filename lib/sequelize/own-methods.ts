const answers = new WeakMap<object, boolean>();

/**
 * Whether a method is the one that Sequelize has itself, which calls `callee`, and not one that an
 * application put in its place. There is nothing to compare it with: who comes first is not known.
 */
export function isSequelizesOwn(method: object, callee: string): boolean {
  const known = answers.get(method);
  if (known !== undefined) return known;

  const answer = Function.prototype.toString.call(method).includes(`${callee}(`);
  answers.set(method, answer);
  return answer;
}
