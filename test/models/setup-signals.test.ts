import { expect } from 'chai';
import { DataTypes, Model, QueryTypes, type Sequelize } from 'sequelize';
import {
  atomic,
  type Connection,
  classPrepared,
  connectionCreated,
  install,
  postMigrate,
  preMigrate,
  transaction,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';

describeOnEachDatabase('signals of setting up', (database) => {
  const log: unknown[][] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let undo: (() => boolean)[] = [];

  beforeEach(() => {
    sequelize = database.connect();
    connection = install(sequelize);
    log.length = 0;
    undo = [];
  });
  afterEach(() => {
    for (const disconnect of undo) disconnect();
    connection.uninstall();
  });

  const query = () => sequelize.query('SELECT 1', { type: QueryTypes.SELECT });

  describe('classPrepared', () => {
    beforeEach(() => {
      undo.push(
        classPrepared.connect(({ sender, using }) => log.push(['any', sender.name, using])),
        classPrepared.connect(({ sender }) => log.push(['name', sender.name]), { sender: 'Post' }),
      );
    });

    it('is sent when a model has been defined, by its name too (D-088, D-089)', () => {
      class Post extends Model {}
      undo.push(
        classPrepared.connect(
          ({ sender }) => log.push(['class', Object.keys(sender.getAttributes())]),
          { sender: Post },
        ),
      );

      Post.init({ text: DataTypes.STRING }, { sequelize, timestamps: false });
      sequelize.define('Tag', {});

      expect(log).to.deep.equal([
        ['any', 'Post', 'default'],
        ['name', 'Post'],
        ['class', ['id', 'text']],
        ['any', 'Tag', 'default'],
      ]);
    });

    it('is sent for the through models that Sequelize makes (D-088)', () => {
      const [Left, Right] = [sequelize.define('Left', {}), sequelize.define('Right', {})];
      log.length = 0;

      Left.belongsToMany(Right, { through: 'Both' });

      expect(log).to.deep.equal([['any', 'Both', 'default']]);
    });

    it('is sent for what is defined, and not for what that extends (D-088)', () => {
      class Base extends Model {}
      class Post extends Base {}

      Post.init({}, { sequelize });

      expect(log).to.deep.equal([
        ['any', 'Post', 'default'],
        ['name', 'Post'],
      ]);
    });

    it('fails the definition when a receiver fails', () => {
      const fail = () => {
        throw new Error('boom');
      };
      undo.push(classPrepared.connect(fail));

      expect(() => sequelize.define('Post', {})).to.throw('boom');
      expect(sequelize.isDefined('Post')).to.equal(false);
    });
  });

  describe('connectionCreated', () => {
    it('is sent once for each connection, before it is used (D-292)', async () => {
      const created: object[] = [];
      undo.push(
        connectionCreated.connect(
          (event) => {
            created.push(event.connection);
            log.push([event.sender, event.using, transaction.inAtomicBlock()]);
          },
          { sender: 'default' },
        ),
      );

      await query();
      await query();
      await atomic(() => query());

      expect(new Set(created).size).to.equal(created.length);
      expect(created).not.to.have.length(0);
      for (const entry of log) expect(entry).to.deep.equal(['default', 'default', false]);
    });

    it('is sent for the connection of a block outside of it', async () => {
      undo.push(connectionCreated.connect(() => void log.push([transaction.current()])));

      await atomic(() => query());

      expect(log).not.to.have.length(0);
      for (const entry of log) expect(entry).to.deep.equal([undefined]);
    });

    it('fails the query when a receiver fails, and the next one tries again', async () => {
      const fail = () => {
        throw new Error('boom');
      };
      const disconnect = connectionCreated.connect(fail);

      const error = await rejectionOf(query());
      disconnect();

      expect(error.message).to.equal('boom');
      await query();
    });

    it('is not sent after uninstall()', async () => {
      undo.push(connectionCreated.connect(() => void log.push(['created'])));
      connection.uninstall();

      await query();

      expect(log).to.deep.equal([]);
      connection = install(sequelize);
    });
  });

  describe('preMigrate and postMigrate', () => {
    beforeEach(() => {
      for (const signal of [preMigrate, postMigrate]) {
        undo.push(
          signal.connect(({ sender, using, plan }) => log.push([signal.name, sender, using, plan])),
        );
      }
    });

    it('are sent around sequelize.sync(), once for all models (D-287, D-289)', async () => {
      sequelize.define('Post', {});
      undo.push(preMigrate.connect(() => void sequelize.define('Late', {}), { sender: 'default' }));

      await sequelize.sync({ force: true });

      expect(log).to.deep.equal([
        ['preMigrate', 'default', 'default', null],
        ['postMigrate', 'default', 'default', null],
      ]);
      await sequelize.model('Late').count();
    });

    it('are not sent by sequelize.truncate(), and have a plan or null (D-290)', async () => {
      sequelize.define('Post', {});
      await sequelize.sync({ force: true });
      const plans = log.map(([, , , plan]) => plan);
      log.length = 0;

      await sequelize.truncate();

      expect(plans).to.deep.equal([null, null]);
      expect(log).to.deep.equal([]);
    });

    it('are both sent for models that refer to each other', async () => {
      const [A, B] = [sequelize.define('CycleA', {}), sequelize.define('CycleB', {})];
      A.belongsTo(B);
      B.belongsTo(A);

      await sequelize.sync();

      expect(log.map(([name]) => name)).to.deep.equal(['preMigrate', 'postMigrate']);
    });

    it('are not sent by sync({ hooks: false })', async () => {
      await sequelize.sync({ hooks: false });

      expect(log).to.deep.equal([]);
    });

    it('send no postMigrate after a failure', async () => {
      const error = await rejectionOf(sequelize.sync({ match: /^no such database$/ }));

      expect(error.message).to.contain('does not match');
      expect(log.map(([name]) => name)).to.deep.equal(['preMigrate']);
    });
  });
});
