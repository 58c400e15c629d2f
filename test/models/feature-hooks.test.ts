import { expect } from 'chai';
import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import { ModelSignal } from 'sequelize-signals';
import type { ModelFeature } from '#lib/models/feature';
import { hooksOf } from '#lib/models/feature-hooks';
import { runAddedHooks } from '#lib/sequelize/index';
import { describeOnEachDatabase } from '../support/databases.js';

describeOnEachDatabase('hooks of several features', (database) => {
  let sequelize: Sequelize;
  let Book: ModelStatic<Model>;
  let ran: string[];

  before(() => {
    sequelize = database.connect();
  });
  beforeEach(async () => {
    ran = [];
    Book = sequelize.define('Book', { title: DataTypes.STRING }, { timestamps: false });
    Book.addHook('afterCreate', () => void ran.push('application'));
    await Book.sync({ force: true });
  });

  function feature(name: string, signal: ModelSignal): ModelFeature {
    const afterCreate = () => void ran.push(name);
    return { hooks: { signals: [signal], byType: { afterCreate } } };
  }

  it('run for the same type one after another, after those of the application', async () => {
    const signal = new ModelSignal();
    signal.connect(() => {});
    runAddedHooks(Book, hooksOf([feature('first', signal), feature('second', signal)]));

    await Book.create({ title: 'Emma' });

    expect(ran).to.deep.equal(['application', 'first', 'second']);
  });

  it('run for those features alone whose signals were ever connected to', async () => {
    const signal = new ModelSignal();
    signal.connect(() => {});
    runAddedHooks(Book, hooksOf([feature('first', new ModelSignal()), feature('second', signal)]));

    await Book.create({ title: 'Emma' });

    expect(ran).to.deep.equal(['application', 'second']);
  });
});
