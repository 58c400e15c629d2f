import { Model, type ModelStatic, type Sequelize } from 'sequelize';
import { atomic, postDelete, preDelete } from 'sequelize-signals';

const NAMES = ['Company', 'Team', 'Member', 'Badge', 'Note', 'Contract', 'Skill'] as const;

type ModelName = (typeof NAMES)[number];
type Kind = 'pre_delete' | 'post_delete';

/** A program about deletions, and the models whose deletions it listens to. */
export interface CascadeProgram {
  readonly heard: readonly ModelName[];
  readonly body: readonly Statement[];
}

type Statement =
  | readonly ['create', model: ModelName, letter: string, to: Readonly<Record<string, string>>]
  | readonly ['link', member: string, skills: readonly string[]]
  | readonly ['delete', letter: string]
  | readonly ['deleteMany', model: ModelName, letters: readonly string[]]
  | readonly [name: 'atomic' | 'try', readonly Statement[]]
  | readonly ['raise']
  | readonly ['boom', kind: Kind, model: ModelName]
  | readonly ['calm'];

/** What a program did: its log, the rows it left behind, and the error that ended it. */
export interface CascadeTrace {
  readonly log: readonly unknown[][];
  readonly rows: Readonly<Record<ModelName | 'links' | 'bosses' | 'notes', readonly unknown[]>>;
  readonly error: string | null;
}

type Models = Readonly<Record<ModelName, ModelStatic<Model>>>;

/** The models of the recordings, and programs that run on them. */
export class CascadePrograms {
  readonly #models: Models;
  readonly #links: ModelStatic<Model>;

  constructor(sequelize: Sequelize) {
    const models = Object.fromEntries(
      NAMES.map((name) => [name, sequelize.define(name, {}, { timestamps: false })]),
    ) as Models;
    const refer = (from: ModelName, to: ModelName, name: string, onDelete: string) => {
      const allowNull = onDelete === 'SET NULL';
      models[from].belongsTo(models[to], { foreignKey: { name, allowNull }, onDelete });
    };
    refer('Team', 'Company', 'company', 'CASCADE');
    refer('Member', 'Team', 'team', 'CASCADE');
    refer('Member', 'Member', 'boss', 'SET NULL');
    refer('Badge', 'Member', 'member', 'CASCADE');
    refer('Note', 'Member', 'member', 'SET NULL');
    refer('Contract', 'Company', 'company', 'RESTRICT');
    const through = 'MemberSkill';
    models.Member.belongsToMany(models.Skill, { through, timestamps: false });
    models.Skill.belongsToMany(models.Member, { through, timestamps: false });
    this.#models = models;
    this.#links = sequelize.model(through);
  }

  /** Empties the tables, and runs a program. */
  async run(program: CascadeProgram): Promise<CascadeTrace> {
    const { Company, Contract, Note, Skill } = this.#models;
    for (const model of [Contract, Note, Skill, Company]) {
      await model.destroy({ where: {}, hooks: false });
    }
    return new Run(this.#models, this.#links).trace(program);
  }
}

class Run {
  readonly #models: Models;
  readonly #links: ModelStatic<Model>;
  readonly #log: unknown[][] = [];
  readonly #byLetter = new Map<string, { readonly model: ModelName; readonly id: unknown }>();
  readonly #letters = new Map<string, string>();
  #boom: string | undefined;
  #deletingMany: ModelName | undefined;

  constructor(models: Models, links: ModelStatic<Model>) {
    this.#models = models;
    this.#links = links;
  }

  async trace({ heard, body }: CascadeProgram): Promise<CascadeTrace> {
    const undo = heard.flatMap((name) => this.#connect(name));
    const error = await this.#all(body).then(() => null, kindOf);
    for (const disconnect of undo) disconnect();
    return { log: this.#log, rows: await this.#rows(), error };
  }

  async #all(statements: readonly Statement[]): Promise<void> {
    for (const statement of statements) await this.#execute(statement);
  }

  async #execute(statement: Statement): Promise<unknown> {
    switch (statement[0]) {
      case 'create':
        return this.#create(statement[1], statement[2], statement[3]);
      case 'link':
        return this.#links.bulkCreate(
          statement[2].map((skill) => ({
            MemberId: this.#idOf(statement[1]),
            SkillId: this.#idOf(skill),
          })),
        );
      case 'delete':
        return this.#delete(statement[1]);
      case 'deleteMany':
        return this.#deleteMany(statement[1], statement[2]);
      case 'atomic':
        return atomic(() => this.#all(statement[1]));
      case 'try':
        return this.#all(statement[1]).catch((error) => {
          this.#log.push(['caught', kindOf(error)]);
        });
      case 'raise':
        throw new Error('raise');
      case 'boom':
        this.#boom = `${statement[1]} ${statement[2]}`;
        return;
      case 'calm':
        this.#boom = undefined;
        return;
    }
  }

  async #create(model: ModelName, letter: string, to: object): Promise<void> {
    const references = Object.entries(to).map(([name, other]) => [
      name,
      other && this.#idOf(other),
    ]);
    const instance = await this.#models[model].create(Object.fromEntries(references));
    const id = instance.get('id');
    this.#byLetter.set(letter, { model, id });
    this.#letters.set(`${model} ${id}`, letter);
  }

  async #delete(letter: string): Promise<void> {
    const { model, id } = this.#known(letter);
    const instance = await this.#models[model].findByPk(id as number);
    if (instance === null) this.#log.push(['gone', letter]);
    await instance?.destroy();
  }

  async #deleteMany(model: ModelName, letters: readonly string[]): Promise<void> {
    this.#deletingMany = model;
    const id = letters.map((letter) => this.#idOf(letter));
    await this.#models[model].destroy({ where: { id } as never, individualHooks: true });
  }

  #connect(name: ModelName): (() => boolean)[] {
    const options = { sender: this.#models[name] };
    const log = (kind: Kind) => (event: { readonly instance: Model; readonly origin: object }) => {
      const origin =
        event.origin instanceof Model
          ? this.#letterOf(event.origin)
          : `many ${this.#deletingMany ?? '?'}`;
      this.#log.push([kind, name, this.#letterOf(event.instance), origin]);
      if (this.#boom === `${kind} ${name}`) throw new Error(kind);
    };
    return [
      preDelete.connect(log('pre_delete'), options),
      postDelete.connect(log('post_delete'), options),
    ];
  }

  async #rows(): Promise<CascadeTrace['rows']> {
    const rows = await Promise.all(
      NAMES.map(async (name) => {
        const instances = await this.#models[name].findAll();
        return [name, instances.map((instance) => this.#letterOf(instance)).sort()] as const;
      }),
    );
    const links = await this.#links.findAll();
    return {
      ...(Object.fromEntries(rows) as Record<ModelName, string[]>),
      links: links
        .map((link) => [
          this.#letter('Member', link.get('MemberId')),
          this.#letter('Skill', link.get('SkillId')),
        ])
        .sort(),
      bosses: await this.#references('Member', 'boss'),
      notes: await this.#references('Note', 'member'),
    };
  }

  async #references(name: ModelName, attribute: string): Promise<string[][]> {
    const instances = await this.#models[name].findAll();
    return instances
      .filter((instance) => instance.get(attribute) !== null)
      .map((instance) => [
        this.#letterOf(instance),
        this.#letter('Member', instance.get(attribute)),
      ])
      .sort();
  }

  #known(letter: string): { readonly model: ModelName; readonly id: unknown } {
    const known = this.#byLetter.get(letter);
    if (known === undefined) throw new Error(`no object "${letter}"`);
    return known;
  }

  #idOf(letter: string): unknown {
    return this.#known(letter).id;
  }

  #letterOf(instance: Model): string {
    return this.#letter(instance.constructor.name, instance.get('id'));
  }

  #letter(name: string, id: unknown): string {
    return this.#letters.get(`${name} ${id}`) ?? '?';
  }
}

function kindOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'SIGNALS_PROTECTED') {
    return 'protected';
  }
  return error instanceof Error ? error.message : String(error);
}
