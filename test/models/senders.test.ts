import { expect } from 'chai';
import * as metadata from 'reflect-metadata/no-conflict';
import { DataTypes, Model, type ModelStatic, Sequelize } from 'sequelize';
import {
  assertSendersResolved,
  type Connection,
  classPrepared,
  InvalidArgumentError,
  install,
  ModelSignal,
  m2mChanged,
  type PayloadBySender,
  postDelete,
  postInit,
  postSave,
  preSave,
  receiver,
  UnknownModelError,
  unresolvedSenders,
} from 'sequelize-signals';
import {
  Column,
  DataType,
  Table,
  Model as TypescriptModel,
  Sequelize as TypescriptSequelize,
} from 'sequelize-typescript';

describe('senders of model signals', () => {
  let sequelize: Sequelize;
  let connection: Connection;
  let others: Sequelize[];
  let undo: (() => boolean)[];
  const heard: string[] = [];
  const hear = (what: string) => () => void heard.push(what);

  beforeEach(() => {
    heard.length = 0;
    undo = [];
    others = [];
    sequelize = new Sequelize({ dialect: 'sqlite', logging: false });
    connection = install(sequelize);
  });
  afterEach(async () => {
    for (const end of undo) end();
    connection.uninstall();
    await sequelize.close();
    for (const other of others) await other.close();
  });

  function define(name: string, on = sequelize): ModelStatic<Model> {
    return on.define(name, { text: DataTypes.STRING }, { timestamps: false });
  }

  /** A Sequelize that nobody installs. */
  function another(): Sequelize {
    const other = new Sequelize({ dialect: 'sqlite', logging: false });
    others.push(other);
    return other;
  }

  const reasons = () => unresolvedSenders().map(({ reason }) => reason);

  describe('are refused at once', () => {
    class Plain {}
    function makeUser(on: Sequelize): ModelStatic<Model> {
      return define('User', on);
    }

    const wrong: readonly (readonly [string, () => unknown, RegExp])[] = [
      ['a class that is no model', () => Plain, /not \[class Plain/],
      ['a function that makes a model', () => makeUser, /"makeUser".*give what it returns/],
      ['an instance', () => define('User').build(), /instance of User: give its class/],
      ['a module', () => ({ default: define('User') }), /a module: give its "default"/],
      ['what an import in a circle has not brought', () => undefined, /in a circle/],
      ['an array with such a thing in it', () => [define('User'), Plain], /class Plain/],
      ['an array with nothing in it', () => [], /empty array/],
    ];
    for (const [title, make, message] of wrong) {
      it(title, () => {
        const sender = make() as string;

        expect(() => postSave.connect(() => {}, { sender })).to.throw(
          InvalidArgumentError,
          message,
        );
        expect(() => postSave.disconnect(() => {}, { sender })).to.throw(
          InvalidArgumentError,
          message,
        );
        expect(postSave.hasListeners(define('User'))).to.equal(false);
      });
    }

    it('also where the second argument is one, as in Django', () => {
      for (const sender of [define('User'), 'User']) {
        const options = sender as object;

        expect(() => postSave.connect(() => {}, options)).to.throw(
          InvalidArgumentError,
          'write connect(receiver, { sender: ',
        );
        expect(() => postSave.disconnect(() => {}, options)).to.throw(InvalidArgumentError);
        expect(() => receiver(postSave, options)).to.throw(InvalidArgumentError);
      }
    });
  });

  it('may be several, by class and by name, each heard once', async () => {
    const [Post, Tag] = [define('Post'), define('Tag')];
    define('Draft');
    const end = postSave.connect(({ sender }) => void heard.push(sender.name), {
      sender: [Post, 'Post', Tag, 'Late'],
    });
    const Late = define('Late');
    await sequelize.sync();

    for (const model of [Post, Tag, sequelize.model('Draft'), Late]) await model.create({});

    expect(heard).to.deep.equal(['Post', 'Tag', 'Late']);
    expect(end()).to.equal(true);
    await Post.create({});
    expect(heard).to.have.length(3);
  });

  describe('that never send are listed:', () => {
    it('a base class, with the models that extend it (D-040, D-088)', () => {
      abstract class Base extends Model {}
      class Cat extends Base {}
      class Dog extends Base {}
      undo.push(postSave.connect(hear('base'), { sender: Base as unknown as typeof Cat }));
      Cat.init({}, { sequelize });
      Dog.init({}, { sequelize });

      const [listed] = unresolvedSenders();

      expect(listed).to.include({ signal: postSave, sender: Base, name: 'Base' });
      expect(listed?.reason).to.match(/"Base" is no model itself.*"Cat", "Dog"/);
    });

    it('a class that was never initialised, until it is', () => {
      class Forgotten extends Model {}
      undo.push(
        postSave.connect(hear('a'), { sender: Forgotten }),
        classPrepared.connect(hear('b'), { sender: Forgotten }),
      );
      expect(reasons()).to.deep.equal([
        'The class "Forgotten" was never initialised as a model',
        'The class "Forgotten" was never initialised as a model',
      ]);

      Forgotten.init({}, { sequelize });

      expect(reasons()).to.deep.equal([]);
    });

    it('a model of an instance that is not installed, until it is', () => {
      const other = another();
      class Elsewhere extends Model {}
      Elsewhere.init({}, { sequelize: other });
      undo.push(postSave.connect(hear('a'), { sender: Elsewhere }));
      expect(reasons()).to.deep.equal([
        'The Sequelize instance of the model "Elsewhere" is not installed',
      ]);

      const late = install(other, { using: 'other' });
      expect(reasons()).to.deep.equal([]);

      late.uninstall();
      expect(reasons()).to.have.length(1);
    });

    it('a model in whose place another was defined (J-26)', () => {
      const Old = define('Note');
      undo.push(postSave.connect(hear('old'), { sender: Old }));
      expect(reasons()).to.deep.equal([]);

      define('Note');

      expect(reasons()).to.deep.equal(['Another model was defined in place of the class "Note"']);
    });

    it('for m2mChanged a model that holds no links, until it does', () => {
      const [Post, Tag, Link] = [define('Post'), define('Tag'), define('Link')];
      undo.push(
        m2mChanged.connect(hear('post'), { sender: Post }),
        m2mChanged.connect(hear('link'), { sender: 'Link' }),
      );
      expect(reasons()).to.deep.equal([
        'The model "Post" is the through model of no belongsToMany',
        'The model "Link" is the through model of no belongsToMany',
      ]);

      Post.belongsToMany(Tag, { through: Link });

      expect(reasons()).to.have.length(1);
    });

    it('for the signals of rows a through model that Sequelize made (D-111)', () => {
      const [Post, Tag] = [define('Post'), define('Tag')];
      Post.belongsToMany(Tag, { through: 'PostTag' });
      undo.push(
        postSave.connect(hear('save'), { sender: 'PostTag' }),
        postDelete.connect(hear('delete'), { sender: sequelize.model('PostTag') }),
        m2mChanged.connect(hear('links'), { sender: 'PostTag' }),
        postInit.connect(hear('init'), { sender: 'PostTag' }),
      );

      expect(unresolvedSenders().map(({ signal }) => signal.name)).to.deep.equal([
        'postSave',
        'postDelete',
      ]);
      expect(reasons()[0]).to.include('"PostTag"').and.include('sends m2mChanged alone');
    });

    it('each in what assertSendersResolved() throws (D-087)', () => {
      class Forgotten extends Model {}
      undo.push(
        preSave.connect(function stamp() {}, { sender: 'Noet' }),
        preSave.connect(function index() {}, { sender: Forgotten }),
      );

      expect(assertSendersResolved).to.throw(
        UnknownModelError,
        'No installed database has a model called "Noet", for preSave receiver "stamp". ' +
          'The class "Forgotten" was never initialised as a model, for preSave receiver "index".',
      );
    });
  });

  it('that never send are not listed where the application sends by itself', () => {
    interface PaidBySender extends PayloadBySender {
      readonly payload: { readonly instance: Model };
    }
    const paid = new ModelSignal<PaidBySender>({ name: 'paid' });
    class Elsewhere extends Model {}
    Elsewhere.init({}, { sequelize: another() });
    undo.push(paid.connect(hear('paid'), { sender: Elsewhere }));

    paid.sendSync(Elsewhere, { instance: new Elsewhere() });

    expect(heard).to.deep.equal(['paid']);
    expect(reasons()).to.deep.equal([]);
  });

  describe('of sequelize-typescript with repositoryMode', () => {
    before(() => Object.assign(Reflect, metadata));
    after(() => {
      for (const name of Object.keys(metadata)) Reflect.deleteProperty(Reflect, name);
    });

    it('are the repositories, and names', async () => {
      class User extends TypescriptModel {}
      Column(DataType.STRING)(User.prototype, 'name');
      Table({ timestamps: false })(User);
      const other = new TypescriptSequelize({
        dialect: 'sqlite',
        logging: false,
        repositoryMode: true,
      });
      others.push(other);
      const late = install(other, { using: 'repositories' });
      other.addModels([User]);
      await other.sync();
      undo.push(
        postSave.connect(hear('class'), { sender: User }),
        postSave.connect(hear('name'), { sender: 'User' }),
        postSave.connect(hear('repository'), { sender: other.getRepository(User) }),
      );

      await other.getRepository(User).create({ name: 'Ada' });

      expect(heard).to.deep.equal(['name', 'repository']);
      expect(reasons()).to.have.length(1);
      expect(reasons()[0]).to.match(/"User" is no model itself.*extend it.*"User"$/);
      late.uninstall();
    });
  });
});
