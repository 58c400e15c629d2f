import { createNamespace, getNamespace, type Namespace } from 'cls-hooked';
import { Sequelize } from 'sequelize';
import { type Connection, type InstallOptions, install } from 'sequelize-signals';

/**
 * Declares a suite once for each place where the current transaction can be kept: the library's
 * own, or a namespace that the application gives to `Sequelize.useCLS`. What the suite installs
 * through its context is uninstalled when it ends.
 */
export function describeInEachContext(
  title: string,
  body: (this: Mocha.Suite, context: TestContext) => void,
): void {
  for (const order of ['never', 'before install', 'after install'] as const) {
    const source = order === 'never' ? "the library's context" : `useCLS ${order}`;
    describe(`${title} (${source})`, function () {
      const context = new TestContext(order);
      after(() => context.leave());
      body.call(this, context);
    });
  }
}

/** When the application calls `Sequelize.useCLS`. */
type UseCLS = 'never' | 'before install' | 'after install';

/** The application around one suite. */
export class TestContext {
  readonly useCLS: UseCLS;
  readonly #connections: Connection[] = [];
  #namespace: Namespace | undefined;

  constructor(useCLS: UseCLS) {
    this.useCLS = useCLS;
  }

  /** The application's namespace, once `install` was called; there may be none. */
  get namespace(): Namespace | undefined {
    return this.#namespace;
  }

  install(sequelize: Sequelize, options?: InstallOptions): Connection {
    if (this.useCLS === 'before install') this.#useNamespace();
    const connection = install(sequelize, options);
    if (this.useCLS === 'after install') this.#useNamespace();
    this.#connections.push(connection);
    return connection;
  }

  /**
   * Runs `body` where the application would call the library: inside its namespace, as a request
   * handler does, or with no namespace active when it came to `useCLS` late.
   */
  async enter<Result>(body: () => Promise<Result>): Promise<Result> {
    if (this.#namespace === undefined || this.useCLS === 'after install') return await body();
    return await this.#namespace.runPromise(body);
  }

  leave(): void {
    for (const connection of this.#connections.splice(0)) connection.uninstall();
    if (this.#namespace === undefined) return;
    // useCLS has no undo, and it is for the whole process.
    delete (Sequelize as { _cls?: Namespace })._cls;
    forgetContexts(this.#namespace);
    this.#namespace = undefined;
  }

  #useNamespace(): void {
    this.#namespace = applicationNamespace();
    Sequelize.useCLS(this.#namespace);
  }
}

/** One for the whole run: each slows every promise from then on, and none can be taken back. */
function applicationNamespace(): Namespace {
  return getNamespace('application') ?? createNamespace('application');
}

/**
 * Has a namespace follow nothing any more. Its hooks stay for the whole process, and stumble over
 * connections that HTTP uses again, with an error that nobody can catch.
 */
function forgetContexts(namespace: Namespace): void {
  const { _contexts } = namespace as unknown as { readonly _contexts: Map<number, object> };
  _contexts.clear();
  Object.assign(namespace, { active: null, _set: [] });
}
