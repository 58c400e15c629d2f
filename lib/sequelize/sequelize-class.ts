import type { Model, ModelStatic, Op, Sequelize } from 'sequelize';

/** The application's own class `Sequelize`, with what its declarations leave out. */
export function sequelizeClassOf(
  model: ModelStatic<Model>,
): typeof Sequelize & { readonly Op: typeof Op } {
  const sequelize = model.sequelize as object;
  return sequelize.constructor as typeof Sequelize & { readonly Op: typeof Op };
}
