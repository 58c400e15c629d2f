import {
  type BelongsToManyAddAssociationsMixin,
  type BelongsToManyCreateAssociationMixin,
  type BelongsToManyGetAssociationsMixin,
  type BelongsToManyRemoveAssociationMixin,
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

export class Post extends Model<InferAttributes<Post>, InferCreationAttributes<Post>> {
  declare id: CreationOptional<number>;
  declare title: string;

  declare getTags: BelongsToManyGetAssociationsMixin<Tag>;
  declare addTags: BelongsToManyAddAssociationsMixin<Tag, number>;
  declare removeTag: BelongsToManyRemoveAssociationMixin<Tag, number>;
  // Sequelize's own type of it leaves out `null`, which clears.
  declare setTags: (tags: Tag[] | null) => Promise<void>;
  declare createTag: BelongsToManyCreateAssociationMixin<Tag>;
}

export class Tag extends Model<InferAttributes<Tag>, InferCreationAttributes<Tag>> {
  declare id: CreationOptional<number>;
  declare name: string;

  declare addPosts: BelongsToManyAddAssociationsMixin<Post, number>;
}

Post.init(
  {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    title: DataTypes.STRING,
  },
  { sequelize, timestamps: false },
);
Tag.init(
  {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    name: DataTypes.STRING,
  },
  { sequelize, timestamps: false },
);

// The side that is declared first is the forward one; from the other, `reverse` is true.
Post.belongsToMany(Tag, { through: 'PostTag', timestamps: false });
Tag.belongsToMany(Post, { through: 'PostTag', timestamps: false });
