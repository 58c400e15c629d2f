import { checkOptions, InvalidArgumentError, type OptionRules, show } from '../base/index.js';
import { TaskBackend } from './backend.js';
import { ImmediateBackend } from './immediate-backend.js';
import { InvalidTaskError } from './task-errors.js';

/** Settings of tasks for the whole process. */
export interface TaskConfiguration {
  /**
   * The backends by their aliases, in place of all that there are. Where no `default` is among them, it
   * is an {@link ImmediateBackend}.
   */
  readonly backends: Readonly<Record<string, TaskBackend>>;
}

const RULES: OptionRules = {
  backends: {
    accepts: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    expected: 'an object with a backend for each alias',
  },
};

let current = byAlias({});

/**
 * Says which engines tasks go to, Django's setting `TASKS`. Without it, `default` is an
 * {@link ImmediateBackend}.
 *
 * @example
 * ```ts
 * import { configureTasks, DummyBackend } from 'sequelize-signals/tasks';
 *
 * const undo = configureTasks({ backends: { default: new DummyBackend() } });
 * undo();
 * ```
 * @returns a function that puts back what there was before.
 * @throws {@link InvalidArgumentError} when a backend is not one.
 */
export function configureTasks(configuration: TaskConfiguration): () => void {
  checkOptions('configureTasks()', configuration, RULES);
  const { backends } = configuration;
  if (backends === undefined) {
    throw new InvalidArgumentError('configureTasks() needs the option "backends".');
  }
  for (const [alias, backend] of Object.entries(backends)) {
    if (backend instanceof TaskBackend) continue;
    throw new InvalidArgumentError(
      `The backend "${alias}" must be a TaskBackend, such as pgBossBackend(boss), not ${show(backend)}.`,
    );
  }
  const before = current;
  current = byAlias(backends);
  return () => {
    current = before;
  };
}

/** The backend of an alias. */
export function backendNamed(alias: string): TaskBackend {
  const backend = current.get(alias);
  if (backend) return backend;
  throw new InvalidTaskError(
    `There is no backend "${alias}". configureTasks() has: ${[...current.keys()].join(', ')}.`,
  );
}

function byAlias(
  backends: Readonly<Record<string, TaskBackend>>,
): ReadonlyMap<string, TaskBackend> {
  return new Map(Object.entries({ default: new ImmediateBackend(), ...backends }));
}
