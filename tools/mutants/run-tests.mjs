import { fork } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const WORKER = join(import.meta.dirname, 'worker.mjs');
const PRELOAD = pathToFileURL(join(import.meta.dirname, 'preload.mjs')).href;

/**
 * Runs tests in a process of its own, and resolves to how that ended: all passed, one failed, or one
 * hung. A process that dies has failed.
 *
 * @param allowed - how many milliseconds a test may take, by its title, and what comes between tests,
 * without one.
 */
export function runTests({ root, files, env, allowed, onMessage = () => {}, onEnd = () => {} }) {
  // In a group of its own, with what it starts.
  const worker = fork(WORKER, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: `--import=${PRELOAD}`, MUTATED_ROOT: root, ...env },
  });
  running.add(worker);
  return new Promise((resolve) => {
    let failure;
    let current = '';
    let timer;
    const watch = (milliseconds) => {
      clearTimeout(timer);
      timer = setTimeout(() => end({ outcome: 'hung', by: current }), milliseconds);
    };
    const end = (result) => {
      clearTimeout(timer);
      worker.removeAllListeners();
      worker.on('error', () => {});
      endGroup(worker);
      onEnd(worker.pid);
      resolve(result);
    };
    worker.on('message', (message) => {
      if (message.over) return end(failure ?? { outcome: 'passed' });
      if (message.failed)
        failure ??= { outcome: 'failed', by: message.failed, message: message.message };
      if (message.began) current = message.began;
      watch(allowed(message.began));
      onMessage(message);
    });
    worker.on('error', (error) => end({ outcome: 'failed', by: current, message: error.message }));
    worker.on('exit', (code) =>
      end(failure ?? { outcome: 'failed', by: current, message: `ended with code ${code}` }),
    );
    watch(allowed());
    worker.send({ files });
  });
}

const running = new Set();

function endGroup(worker) {
  running.delete(worker);
  try {
    process.kill(-worker.pid, 'SIGKILL');
  } catch {} // has ended
}

process.on('exit', () => {
  for (const worker of running) endGroup(worker);
});
