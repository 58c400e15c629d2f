import {
  type CreationOptional,
  DataTypes,
  type Model,
  type ModelStatic,
  type Sequelize,
} from 'sequelize';

export interface Item extends Model {
  id: CreationOptional<number>;
  name: string;
}

let tables = 0;

/** A model with an empty table of its own. */
export async function itemModel(sequelize: Sequelize): Promise<ModelStatic<Item>> {
  tables += 1;
  const Item = sequelize.define<Item>(
    'item',
    { name: { type: DataTypes.STRING, allowNull: false } },
    { tableName: `items_${process.pid}_${tables}`, timestamps: false },
  );
  await Item.sync();
  return Item;
}

/** Throws unless the table has so many rows. */
export async function expectRows(Item: ModelStatic<Item>, rows: number): Promise<void> {
  const found = await Item.count({ transaction: null });
  if (found !== rows) throw new Error(`${found} rows were stored, not ${rows}.`);
}
