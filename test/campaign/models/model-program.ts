/** What an application does with its models, as data: so it can be run again, made smaller, and printed. */
export interface ModelProgram {
  readonly receivers: readonly ReceiverPlan[];
  readonly steps: readonly ModelStep[];
}

/** Each has other ways to be stored: an Item has scopes and relations, a Draft stays when it is deleted. */
export type TableName =
  | 'Item'
  | 'Draft' // paranoid
  | 'Page' // with versions
  | 'Pair' // with a key of two columns
  | 'Memo' // without a key
  | 'Part'
  | 'Tag'
  | 'Label';

/** What a receiver does beside listening: at each call, or at its call no. `at` alone. */
export interface ReceiverPlan {
  readonly table: TableName;
  readonly signal: PlannedSignal;
  readonly does: Deed;
  readonly at: number;
}

export type PlannedSignal =
  | 'preSave'
  | 'postSave'
  | 'preDelete'
  | 'postDelete'
  | 'preBulkCreate'
  | 'postBulkCreate'
  | 'preBulkUpdate'
  | 'postBulkUpdate'
  | 'preBulkDelete'
  | 'postBulkDelete';

export type Deed =
  | 'sets the same in all'
  | 'sets something else in each'
  | 'sets something in some'
  | 'fails'
  | 'creates a part'
  | 'updates pages'
  | 'destroys memos'
  | 'saves the instance';

/** Which rows a call is about. */
export type Rows =
  | { readonly by: 'all' }
  | { readonly by: 'n'; readonly n: number }
  | { readonly by: 'keys'; readonly keys: readonly number[] };

/** What became of a row since its instance was loaded. */
export type Since = 'nothing' | 'gone' | 'changed';

export type Conflict = 'fail' | 'ignore' | 'update';

export type ModelStep =
  | {
      readonly does: 'create';
      readonly table: TableName;
      readonly key: number;
      readonly n: number;
      readonly include: 'nothing' | 'Parts' | 'Tags';
      readonly hooks: boolean;
      /** Whether it is to leave a row alone that is there already. */
      readonly ignore: boolean;
    }
  | {
      readonly does: 'save';
      readonly table: TableName;
      readonly row: number;
      readonly n: number;
      readonly fields: readonly string[] | null;
      readonly by: 'save' | 'update';
      /** Whether its row is gone since it was loaded, or was changed. */
      readonly since: Since;
    }
  | {
      readonly does: 'destroy';
      readonly table: TableName;
      readonly row: number;
      readonly force: boolean;
      readonly since: Since;
    }
  | { readonly does: 'restore'; readonly rows: Rows }
  | {
      readonly does: 'increment';
      readonly table: TableName;
      /** The instance, or undefined for rows of the model. */
      readonly row: number | undefined;
      readonly rows: Rows;
      readonly by: number;
      readonly minus: boolean;
      readonly scoped: boolean;
    }
  | {
      readonly does: 'bulkCreate';
      readonly table: TableName;
      readonly keys: readonly number[];
      readonly n: number;
      readonly individual: boolean;
      readonly conflict: Conflict;
      readonly validate: boolean;
      readonly hooks: boolean;
    }
  | {
      readonly does: 'bulkUpdate';
      readonly table: TableName;
      readonly rows: Rows;
      readonly n: number;
      readonly individual: boolean;
      readonly limit: number;
      readonly fields: readonly string[] | null;
      readonly scoped: boolean;
      readonly returning: boolean;
      readonly hooks: boolean;
    }
  | {
      readonly does: 'bulkDestroy';
      readonly table: TableName;
      readonly rows: Rows;
      readonly individual: boolean;
      readonly limit: number;
      readonly force: boolean;
      readonly truncate: boolean;
      readonly scoped: boolean;
      readonly hooks: boolean;
    }
  | {
      readonly does: 'upsert' | 'findOrCreate' | 'updateOrCreate';
      readonly table: TableName;
      readonly key: number;
      readonly n: number;
    }
  | {
      readonly does: 'links';
      readonly from: 'Item' | 'Tag' | 'Label';
      readonly to: 'Item' | 'Tag' | 'Label';
      readonly row: number;
      readonly others: readonly number[];
      readonly how: 'add' | 'remove' | 'set' | 'clear' | 'create';
    }
  | {
      readonly does: 'parts';
      readonly row: number;
      readonly others: readonly number[];
      readonly how: 'add' | 'remove' | 'set' | 'create';
      readonly individual: boolean;
    }
  | {
      readonly does: 'block';
      readonly steps: readonly ModelStep[];
      readonly by: 'atomic' | 'atomic without savepoint' | 'sequelize.transaction';
      readonly throws: boolean;
    };

/** All steps, those within blocks after them. */
export function allModelSteps(steps: readonly ModelStep[]): ModelStep[] {
  return steps.flatMap((step) => [
    step,
    ...(step.does === 'block' ? allModelSteps(step.steps) : []),
  ]);
}

/** Programs with one thing less each, those first that leave out most. */
export function* smallerModelPrograms(program: ModelProgram): Generator<ModelProgram> {
  for (const index of program.receivers.keys()) {
    yield { ...program, receivers: program.receivers.toSpliced(index, 1) };
  }
  for (const steps of fewerSteps(program.steps)) yield { ...program, steps };
}

function* fewerSteps(steps: readonly ModelStep[]): Generator<readonly ModelStep[]> {
  for (const index of steps.keys()) yield steps.toSpliced(index, 1);
  for (const [index, step] of steps.entries()) {
    if (step.does === 'block') {
      yield steps.toSpliced(index, 1, ...step.steps);
      for (const inner of fewerSteps(step.steps)) {
        yield steps.toSpliced(index, 1, { ...step, steps: inner });
      }
    }
    for (const simpler of simplerThan(step)) yield steps.toSpliced(index, 1, simpler);
  }
}

function* simplerThan(step: ModelStep): Generator<ModelStep> {
  if ('individual' in step && step.individual) {
    yield { ...step, individual: false, ...('limit' in step && { limit: 0 }) } as ModelStep;
  }
  if ('limit' in step && step.limit > 0) yield { ...step, limit: 0 };
  if ('scoped' in step && step.scoped) yield { ...step, scoped: false };
  if ('since' in step && step.since !== 'nothing') yield { ...step, since: 'nothing' };
  if ('validate' in step && step.validate) yield { ...step, validate: false };
  if ('returning' in step && step.returning) yield { ...step, returning: false };
  if ('include' in step && step.include !== 'nothing') yield { ...step, include: 'nothing' };
  if ('keys' in step && step.keys.length > 1) yield { ...step, keys: step.keys.slice(0, -1) };
  if ('fields' in step && step.fields !== null) yield { ...step, fields: null };
}
