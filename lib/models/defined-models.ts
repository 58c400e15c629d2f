import type { Model, ModelStatic } from 'sequelize';

const named = new Map<string, readonly ModelStatic<Model>[]>();
const nameOf = new WeakMap<object, readonly [name: string]>();
const NONE: readonly never[] = [];

/** Has the name of a model stand for it. */
export function nameModel(model: ModelStatic<Model>): void {
  unnameModel(model);
  named.set(model.name, [...modelsNamed(model.name), model]);
  nameOf.set(model, [model.name]);
}

/** Undoes `nameModel`. */
export function unnameModel(model: ModelStatic<Model>): void {
  const [name] = nameOf.get(model) ?? NONE;
  if (name === undefined) return;

  nameOf.delete(model);
  const others = modelsNamed(name).filter((other) => other !== model);
  if (others.length > 0) named.set(name, others);
  else named.delete(name);
}

/** The models of the installed databases that have a name. */
export function modelsNamed(name: string): readonly ModelStatic<Model>[] {
  return named.get(name) ?? NONE;
}

/** A model's name, or the models of a name. */
export function namesakes(sender: unknown): readonly unknown[] {
  if (typeof sender === 'string') return modelsNamed(sender);
  return typeof sender === 'function' ? (nameOf.get(sender) ?? NONE) : NONE;
}

/** The model itself, for one of the classes that Sequelize derives from it: its scopes and schemas. */
export function modelItself(model: ModelStatic<Model>): ModelStatic<Model> {
  let itself = model;
  while (isDerived(itself)) itself = Object.getPrototypeOf(itself);
  return itself;
}

function isDerived(model: object): boolean {
  if (Object.hasOwn(model, 'options')) return false;
  return Object.hasOwn(model, '_scope') || Object.hasOwn(model, '_schema');
}
