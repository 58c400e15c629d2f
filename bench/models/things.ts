import { DataTypes, type Model, type ModelStatic, Sequelize } from 'sequelize';
import { sqliteOptions } from '../servers.js';

/** A table of some width, in a SQLite of its own in memory. */
export async function thingModel(
  prepare: (sequelize: Sequelize) => void = () => {},
): Promise<ModelStatic<Model>> {
  const sequelize = new Sequelize(sqliteOptions);
  prepare(sequelize);
  const Thing = sequelize.define('thing', {
    name: { type: DataTypes.STRING, allowNull: false },
    price: DataTypes.INTEGER,
    stock: DataTypes.INTEGER,
    onSale: DataTypes.BOOLEAN,
  });
  await Thing.sync();
  return Thing;
}

/** What a row of it is made from. */
export const THING = { name: 'lamp', price: 12, stock: 3, onSale: false } as const;
