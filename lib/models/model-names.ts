import type { Model, ModelStatic } from 'sequelize';

const modelsByName = new Map<string, readonly ModelStatic<Model>[]>();
const nameOf = new WeakMap<object, readonly [name: string]>();
const NONE: readonly never[] = [];

/** Has the name of a model stand for it. */
export function nameModel(model: ModelStatic<Model>): void {
  unnameModel(model);
  modelsByName.set(model.name, [...modelsNamed(model.name), model]);
  nameOf.set(model, [model.name]);
}

/** Undoes `nameModel`. */
export function unnameModel(model: ModelStatic<Model>): void {
  const [name] = nameOf.get(model) ?? NONE;
  if (name === undefined) return;

  nameOf.delete(model);
  const others = modelsNamed(name).filter((other) => other !== model);
  if (others.length > 0) modelsByName.set(name, others);
  else modelsByName.delete(name);
}

/** The models of the installed databases that have a name. */
export function modelsNamed(name: string): readonly ModelStatic<Model>[] {
  return modelsByName.get(name) ?? NONE;
}

/** Whether a model is one of an installed database, as it is defined now. */
export function isNamed(model: ModelStatic<Model>): boolean {
  return nameOf.has(model);
}

/** The models of the installed databases, those of one name one after another. */
export function namedModels(): readonly ModelStatic<Model>[] {
  return [...modelsByName.values()].flat();
}

/** What a receiver may have been connected by instead: for a model its name, for a name its models. */
export function namesakes(sender: unknown): readonly unknown[] {
  if (typeof sender === 'string') return modelsNamed(sender);
  return typeof sender === 'function' ? (nameOf.get(sender) ?? NONE) : NONE;
}
