import { describeReplays } from '../support/conformance.js';
import { type ModelProgram, ModelPrograms, type ModelTrace } from './model-program.js';

describeReplays<ModelProgram, ModelTrace>(
  'models as Django saves them',
  'models',
  async (database, context) => {
    const sequelize = database.connect();
    context.install(sequelize);
    const programs = new ModelPrograms(sequelize);
    await sequelize.sync({ force: true });
    return (program) => programs.run(program);
  },
);
