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

export class MainModel extends Model<
  InferAttributes<MainModel>,
  InferCreationAttributes<MainModel>
> {
  declare id: CreationOptional<number>;
  declare name: string;
}

MainModel.init(
  {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    name: DataTypes.STRING(100),
  },
  { sequelize },
);

export class SignalModel extends Model<
  InferAttributes<SignalModel>,
  InferCreationAttributes<SignalModel>
> {
  declare id: CreationOptional<number>;
  declare mainModelId: ForeignKey<MainModel['id']>;
  declare message: string;
}

SignalModel.init(
  {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    message: DataTypes.STRING(100),
  },
  { sequelize },
);

SignalModel.belongsTo(MainModel, {
  foreignKey: { name: 'mainModelId', allowNull: false },
  onDelete: 'CASCADE',
});
