import { restore } from 'sinon';
import { runnerReport } from '../package/runners.js';
import { databaseReport, stopServers } from './databases.js';

export const mochaHooks: Mocha.RootHookObject = {
  afterEach() {
    restore();
  },
};

export async function mochaGlobalTeardown(): Promise<void> {
  await stopServers();
  for (const line of [...databaseReport(), ...runnerReport()]) console.log(`  ${line}`);
}
