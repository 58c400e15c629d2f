import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  Sequelize,
} from 'sequelize';
import { install } from 'sequelize-signals';

export const sequelize: Sequelize = new Sequelize({
  dialect: 'sqlite',
  storage: ':memory:',
  logging: false,
});
install(sequelize);

export class Product extends Model<InferAttributes<Product>, InferCreationAttributes<Product>> {
  declare name: string;
  declare stock: number;
}

Product.init(
  {
    name: { type: DataTypes.STRING, primaryKey: true },
    stock: { type: DataTypes.INTEGER, allowNull: false },
  },
  { sequelize, timestamps: false },
);

export class Order extends Model<InferAttributes<Order>, InferCreationAttributes<Order>> {
  declare id: CreationOptional<number>;
  declare customer: string;
  declare product: string;
}

Order.init(
  {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    customer: { type: DataTypes.STRING, allowNull: false },
    product: { type: DataTypes.STRING, allowNull: false },
  },
  { sequelize, timestamps: false },
);

/** What a visitor's session has, as text. */
export class Session extends Model<InferAttributes<Session>, InferCreationAttributes<Session>> {
  declare id: string;
  declare data: string;
}

Session.init(
  { id: { type: DataTypes.STRING, primaryKey: true }, data: DataTypes.TEXT },
  { sequelize, timestamps: false },
);
