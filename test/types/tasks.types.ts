import { expectTypeOf } from 'expect-type';
import PgBoss from 'pg-boss';
import { pgBossBackend } from 'sequelize-signals/pg-boss';
import {
  configureTasks,
  type Task,
  type TaskContext,
  type TaskResult,
  task,
} from 'sequelize-signals/tasks';

// These never run: they pass by compiling.
export async function tasksHaveTheTypesOfTheirFunctions(): Promise<void> {
  const indexOrder = task(async function indexOrder(id: number, note?: string) {
    return { id, note };
  });
  expectTypeOf(indexOrder).toEqualTypeOf<
    Task<[id: number, note?: string], { id: number; note: string | undefined }>
  >();
  expectTypeOf(await indexOrder.enqueue(1)).toEqualTypeOf<
    TaskResult<{ id: number; note: string | undefined }>
  >();
  await indexOrder.using({ priority: 1, runAfter: new Date() }).enqueue(1, 'now');
  // @ts-expect-error an argument is missing
  await indexOrder.enqueue();
  // @ts-expect-error an argument is of another type
  await indexOrder.enqueue('1');
  // @ts-expect-error there is no such option
  indexOrder.using({ transactional: true });
}

export async function aContextIsNoArgument(): Promise<void> {
  const contextual = task(
    async (context: TaskContext, id: number) => {
      expectTypeOf(context.taskResult).toEqualTypeOf<TaskResult>();
      return id;
    },
    { name: 'contextual', takesContext: true },
  );
  expectTypeOf(await contextual.enqueue(1)).toEqualTypeOf<TaskResult<number>>();
  // @ts-expect-error the context comes from the worker
  await contextual.enqueue({ attempt: 1 }, 1);
}

export function backendsTakeTheirEngines(): void {
  configureTasks({ backends: { default: pgBossBackend(new PgBoss('postgres://localhost')) } });
  // @ts-expect-error no instance of pg-boss
  pgBossBackend({ send: 1 });
}
