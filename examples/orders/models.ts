import {
  type CreationOptional,
  DataTypes,
  type ForeignKey,
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

export class Order extends Model<InferAttributes<Order>, InferCreationAttributes<Order>> {
  declare id: CreationOptional<number>;
  declare customer: string;
  declare status: CreationOptional<'pending' | 'processed' | 'paid' | 'cancelled'>;
  declare points: CreationOptional<number>;
}

Order.init(
  {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    customer: { type: DataTypes.STRING, allowNull: false },
    status: { type: DataTypes.STRING, allowNull: false, defaultValue: 'pending' },
    points: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
  },
  { sequelize, timestamps: false },
);

export class OrderItem extends Model<
  InferAttributes<OrderItem>,
  InferCreationAttributes<OrderItem>
> {
  declare id: CreationOptional<number>;
  declare orderId: ForeignKey<Order['id']>;
  declare product: string;
}

OrderItem.init(
  {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    product: { type: DataTypes.STRING, allowNull: false },
  },
  { sequelize, timestamps: false },
);

Order.hasMany(OrderItem, { foreignKey: { name: 'orderId', allowNull: false } });
