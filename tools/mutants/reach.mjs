import { appendFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Has this process note what it runs, and leave it in `folder` when it ends. */
export function noteReach(folder) {
  globalThis.sequelizeSignalsReach = new Set();
  process.on('exit', () => {
    const reached = takeReach();
    if (reached.length > 0)
      appendFileSync(join(folder, String(process.pid)), JSON.stringify(reached));
  });
}

/** What this process ran since it was asked last. */
export function takeReach() {
  const reached = [...globalThis.sequelizeSignalsReach];
  globalThis.sequelizeSignalsReach.clear();
  return reached;
}

/** What the processes ran that have ended since they were asked for last. */
export function takeReachOfChildren(folder) {
  return readdirSync(folder).flatMap((name) => {
    const file = join(folder, name);
    const reached = JSON.parse(readFileSync(file, 'utf8'));
    rmSync(file);
    return reached;
  });
}
