import { describeReplays } from '../support/conformance.js';
import { type CascadeProgram, CascadePrograms, type CascadeTrace } from './cascade-program.js';

describeReplays<CascadeProgram, CascadeTrace>(
  'cascades as Django collects them',
  'cascades',
  async (database, context) => {
    const sequelize = database.connect();
    context.install(sequelize, { cascades: 'signals' });
    const programs = new CascadePrograms(sequelize);
    await sequelize.sync({ force: true });
    return (program) => programs.run(program);
  },
);
