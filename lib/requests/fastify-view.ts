import type { FastifyReply } from 'fastify';
import { isThenable, override } from '../base/index.js';
import { HeldResponse, outsideOfView } from './held-response.js';
import { runView, ViewRun } from './view.js';
import type { AtomicViewOptions } from './view-options.js';

type Done = (error?: Error | null, payload?: unknown) => void;

const views = new WeakMap<FastifyReply, FastifyView>();

/**
 * One call of an atomic view of Fastify.
 *
 * Fastify prepares an answer in a chain of hooks, to which `onSend` belongs: this is where it is held. It
 * goes on in that chain when the block has been committed. Where that fails, the chain is left, and Fastify
 * is given the error as that of a handler.
 */
export class FastifyView {
  readonly #name: string;
  readonly #reply: FastifyReply;
  readonly #options: AtomicViewOptions;
  readonly #before: ReplyBefore;
  #run: ViewRun | undefined;
  #over: Promise<ViewRun> | undefined;
  #isOver = false;
  /** How the chain of hooks goes on in which the answer waits. */
  #goOn: Done | undefined;
  /** Whether Fastify itself knows the error with which the view failed. */
  #isKnown = false;

  constructor(name: string, reply: FastifyReply, options: AtomicViewOptions) {
    this.#name = name;
    this.#reply = reply;
    this.#options = options;
    this.#before = new ReplyBefore(reply);
    views.set(reply, this);
  }

  /** The view that answers by `reply`, if it is an atomic one. */
  static of(reply: FastifyReply): FastifyView | undefined {
    return views.get(reply);
  }

  /** Runs a handler. What it returns is sent from here, and the promise is for Fastify. */
  async run(call: () => unknown): Promise<void> {
    try {
      const { rest } = await this.#runView(() => this.#handle(call()));
      this.#goOn?.(null);
      await rest;
    } catch (error) {
      if (!this.#isKnown) this.#throw(error);
    }
    // Fastify would send something else once more while the answer is on its way.
    await this.#reply;
  }

  /** Begins before the handler is called, which `done` leads to. */
  begin(done: () => void): void {
    this.#runView(() => done()).then(
      () => this.#goOn?.(null),
      (error) => this.#giveError(error),
    );
  }

  /** Holds an answer, until the block has ended. */
  answer(payload: unknown, done: Done): void {
    if (this.#isOfUndoneRun() || (!this.#isOver && this.#goOn)) {
      this.#reply.log.warn(`The view "${this.#name}" answered more than once, or after its end.`);
    } else if (this.#isOver) {
      outsideOfView(() => done(null, payload));
    } else {
      this.#goOn = (error) => done(error, payload);
      this.#run?.answered();
    }
  }

  /** Whether the current flow is what is left of a run that was undone: another answer is on its way. */
  #isOfUndoneRun(): boolean {
    const { writer } = HeldResponse;
    if (!(writer instanceof ViewRun) || writer.view.response !== this.#reply.raw) return false;
    return writer.isUndone || writer !== this.#run;
  }

  /** Rolls back, and goes on to the error handler. */
  fail(error: unknown, done: () => void): void {
    const goOn = () => outsideOfView(done);
    if (this.#isOver) {
      goOn();
    } else if (this.#run?.ending === undefined) {
      this.#isKnown = true;
      this.#goOn = undefined;
      this.#run?.fail(error);
      this.#over?.then(goOn, goOn);
    } else {
      this.#reply.log.warn(
        { err: error },
        `The view "${this.#name}" failed after it had answered.`,
      );
    }
  }

  #runView(start: () => unknown): Promise<ViewRun> {
    this.#over = runView({
      name: this.#name,
      response: this.#reply.raw,
      options: this.#options,
      start: (run) => {
        // Where the view is run again, its answer is empty again.
        if (this.#run) this.#before.restore();
        this.#run = run;
        this.#goOn = undefined;
        this.#watchReply(run);
        return start();
      },
    }).finally(() => {
      this.#isOver = true;
    });
    // It is known before whoever waits for the same promise is told.
    this.#over = this.#over.catch((error) => {
      this.#before.restore();
      throw error;
    });
    return this.#over;
  }

  /** A view that waits for its answer to leave is not to be waited for. */
  #watchReply(run: ViewRun): void {
    const reply = this.#reply;
    const then = reply.then;
    override(reply, 'then', {
      value: (...parameters: Parameters<typeof then>) => {
        run.stopWaiting();
        return Reflect.apply(then, reply, parameters);
      },
    });
  }

  /** Sends what a handler returned, as Fastify would. Returns a promise to wait for, if there is one. */
  #handle(returned: unknown): unknown {
    if (isThenable(returned)) return this.#handleLater(returned);
    if (returned !== undefined) this.#send(returned);
    return undefined;
  }

  async #handleLater(returned: PromiseLike<unknown>): Promise<void> {
    this.#send(await returned);
  }

  #send(payload: unknown): void {
    const isAnswered = this.#goOn !== undefined || this.#isKnown || this.#reply.sent;
    if (!isAnswered && !this.#reply.raw.headersSent) this.#reply.send(payload);
  }

  #throw(error: unknown): void {
    const { raw } = this.#reply;
    if (raw.headersSent) {
      this.#reply.log.error(
        { err: error },
        `The view "${this.#name}" failed in the middle of its answer.`,
      );
      raw.destroy();
    } else if (this.#reply.sent) {
      // It was hijacked, so that Fastify answers nothing any more.
      this.#reply.log.error({ err: error }, `The view "${this.#name}" failed.`);
      raw.statusCode = 500;
      raw.end();
    } else {
      throw error;
    }
  }

  #giveError(error: unknown): void {
    if (this.#isKnown) return;
    try {
      this.#throw(error);
    } catch {
      if (this.#goOn) this.#goOn(error as Error);
      else this.#reply.send(error);
    }
  }
}

/** What a reply was going to have at one moment, of what a view may change. */
class ReplyBefore {
  readonly #reply: FastifyReply;
  readonly #status: number;
  readonly #headers: ReturnType<FastifyReply['getHeaders']>;

  constructor(reply: FastifyReply) {
    this.#reply = reply;
    this.#status = reply.raw.statusCode;
    this.#headers = structuredClone(reply.getHeaders());
  }

  restore(): void {
    const reply = this.#reply;
    if (reply.raw.headersSent) return;
    reply.raw.statusCode = this.#status;
    for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name);
    for (const [name, value] of Object.entries(this.#headers)) reply.header(name, value);
  }
}
