import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import {
  atomic,
  m2mChanged,
  onCommit,
  postDelete,
  postSave,
  preDelete,
  preSave,
  transaction,
} from 'sequelize-signals';

type ModelName = 'Author' | 'Tag' | 'Post';
type Fields = Readonly<Record<string, string>>;

/** A program about models: a list of statements about objects that go by letters. */
export type ModelProgram = readonly Statement[];

type Statement =
  | readonly ['create', model: ModelName, letter: string, fields: Fields]
  | readonly ['save', letter: string, changes: Fields, updateFields: string[] | null]
  | readonly ['delete', letter: string]
  | readonly ['bulkCreate', model: ModelName, rows: readonly Fields[]]
  | readonly ['bulkUpdate', model: ModelName, where: Fields, changes: Fields]
  | readonly ['getOrCreate', model: ModelName, where: Fields]
  | readonly [name: 'add' | 'remove' | 'set', letter: string, letters: readonly string[]]
  | readonly ['clear', letter: string]
  | readonly ['linked', letter: string]
  | readonly [name: 'atomic' | 'try', ModelProgram]
  | readonly ['boom', signal: string]
  | readonly ['calm'];

/** What a program did: its log, the rows it left behind, and the error that ended it. */
export interface ModelTrace {
  readonly log: unknown[][];
  readonly counts: Readonly<Record<ModelName | 'links', number>>;
  readonly error: string | null;
}

/** The relation's methods, which a Post and a Tag have under different names. */
interface Relation {
  add(others: readonly Model[]): Promise<unknown>;
  remove(others: readonly Model[]): Promise<unknown>;
  set(others: readonly Model[] | null): Promise<unknown>;
  get(): Promise<Model[]>;
}

/** The models of the recordings, and programs that run on them. */
export class ModelPrograms {
  readonly #models: Readonly<Record<ModelName, ModelStatic<Model>>>;
  readonly #links: ModelStatic<Model>;

  constructor(sequelize: Sequelize) {
    const options = { timestamps: false };
    const text = () => ({ type: DataTypes.STRING });
    const Author = sequelize.define<Model>('Author', { name: text() }, options);
    const Tag = sequelize.define<Model>('Tag', { name: text() }, options);
    const Post = sequelize.define<Model>('Post', { title: text(), body: text() }, options);
    Post.belongsTo(Author);
    const relation = Post.belongsToMany(Tag, { through: 'PostTag', timestamps: false });
    Tag.belongsToMany(Post, { through: 'PostTag', timestamps: false });
    this.#models = { Author, Tag, Post };
    this.#links = (relation as unknown as { through: { model: ModelStatic<Model> } }).through.model;
  }

  /** Empties the tables, and runs a program. */
  async run(program: ModelProgram): Promise<ModelTrace> {
    for (const model of this.#tables()) await model.destroy({ where: {}, hooks: false });
    return new Run(this.#models, this.#links).trace(program);
  }

  #tables(): ModelStatic<Model>[] {
    return [this.#links, this.#models.Post, this.#models.Tag, this.#models.Author];
  }
}

class Run {
  readonly #models: Readonly<Record<ModelName, ModelStatic<Model>>>;
  readonly #links: ModelStatic<Model>;
  readonly #log: unknown[][] = [];
  readonly #objects = new Map<string, Model>();
  #boom: string | undefined;

  constructor(models: Readonly<Record<ModelName, ModelStatic<Model>>>, links: ModelStatic<Model>) {
    this.#models = models;
    this.#links = links;
  }

  async trace(program: ModelProgram): Promise<ModelTrace> {
    const undo = this.#connect();
    const error = await this.#all(program).then(() => null, messageOf);
    for (const disconnect of undo) disconnect();
    const { Author, Tag, Post } = this.#models;
    const counts = {
      Author: await Author.count(),
      Tag: await Tag.count(),
      Post: await Post.count(),
      links: await this.#links.count(),
    };
    return { log: this.#log, counts, error };
  }

  async #all(program: ModelProgram): Promise<void> {
    for (const statement of program) await this.#execute(statement);
  }

  async #execute(statement: Statement): Promise<unknown> {
    switch (statement[0]) {
      case 'create':
        return this.#objects.set(statement[2], await this.#create(statement[1], statement[3]));
      case 'save':
        return this.#save(this.#object(statement[1]), statement[2], statement[3]);
      case 'delete':
        return this.#object(statement[1]).destroy();
      case 'bulkCreate':
        return this.#models[statement[1]].bulkCreate([...statement[2]]);
      case 'bulkUpdate':
        return this.#models[statement[1]].update(statement[3], { where: statement[2] });
      case 'getOrCreate':
        return this.#getOrCreate(this.#models[statement[1]], statement[2]);
      case 'add':
      case 'remove':
      case 'set':
        return this.#relation(statement[1])[statement[0]](
          statement[2].map((letter) => this.#object(letter)),
        );
      case 'clear':
        return this.#relation(statement[1]).set(null);
      case 'linked':
        return this.#log.push(['linked', this.#letters(await this.#relation(statement[1]).get())]);
      case 'atomic':
        return atomic(() => this.#all(statement[1]));
      case 'try':
        return this.#all(statement[1]).catch((error) => {
          this.#log.push(['caught', messageOf(error)]);
        });
      case 'boom':
        this.#boom = statement[1];
        return;
      case 'calm':
        this.#boom = undefined;
        return;
    }
  }

  #create(model: ModelName, fields: Fields): Promise<Model> {
    return this.#models[model].create({ ...fields });
  }

  async #save(object: Model, changes: Fields, fields: string[] | null): Promise<void> {
    object.set(changes);
    await object.save(fields ? { fields: fields as never } : undefined);
  }

  async #getOrCreate(model: ModelStatic<Model>, where: Fields): Promise<void> {
    const [, created] = await model.findOrCreate({ where });
    this.#log.push(['created?', created]);
  }

  #object(letter: string): Model {
    const object = this.#objects.get(letter);
    if (object === undefined) throw new Error(`no object "${letter}"`);
    return object;
  }

  #letters(objects: readonly Model[]): string[] {
    const letterOf = (object: Model) =>
      [...this.#objects].find(([, other]) => other.equals(object))?.[0] ?? '?';
    return objects.map(letterOf).sort();
  }

  #relation(letter: string): Relation {
    const object = this.#object(letter);
    const others = object instanceof this.#models.Post ? 'Tags' : 'Posts';
    const method = (verb: string) => {
      const { [`${verb}${others}`]: own } = object as unknown as Record<string, () => never>;
      return own?.bind(object) as () => never;
    };
    return { add: method('add'), remove: method('remove'), set: method('set'), get: method('get') };
  }

  #connect(): (() => boolean)[] {
    const isBooming = (signal: string) => {
      if (this.#boom === signal) throw new Error(signal);
    };
    const sorted = (names: ReadonlySet<string> | null) => names && [...names].sort();
    return [
      preSave.connect(({ sender, instance, updateFields }) => {
        this.#log.push(['pre_save', sender.name, instance.isNewRecord, sorted(updateFields)]);
        isBooming('pre_save');
      }),
      postSave.connect(async ({ sender, created, updateFields }) => {
        const inBlock = transaction.inAtomicBlock();
        this.#log.push(['post_save', sender.name, created, sorted(updateFields), inBlock]);
        await onCommit(() => void this.#log.push(['committed', sender.name]));
        isBooming('post_save');
      }),
      preDelete.connect(({ sender, instance }) => {
        this.#log.push(['pre_delete', sender.name, ...this.#letters([instance])]);
      }),
      postDelete.connect(({ sender, instance }) => {
        this.#log.push(['post_delete', sender.name, ...this.#letters([instance])]);
      }),
      m2mChanged.connect(({ instance, action, reverse, model, pkSet }) => {
        const others = pkSet && this.#letters([...pkSet].map((id) => model.build({ id })));
        this.#log.push([action, ...this.#letters([instance]), reverse, model.name, others]);
      }),
    ];
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
