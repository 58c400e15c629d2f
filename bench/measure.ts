/**
 * Measures contenders of one benchmark, as the process that forked this one asks for them. It
 * loads nothing that they do not load themselves, and ends when its channel closes.
 */
import type { Contender, MakeContender } from './benchmark.js';
import { benchmarksIn } from './benchmarks.js';
import type { Answer, Request, Sample } from './contender-process.js';

const [, , file = '', name] = process.argv;
const benchmark = benchmarksIn(file).find((each) => each.name === name);
const makers = new Map<string, MakeContender>(Object.entries(benchmark?.peers ?? {}));
if (benchmark) makers.set('ours', benchmark.ours);

const contenders = new Map<string, { contender: Contender; times: number }>();

async function obtain(name: string): Promise<{ contender: Contender; times: number }> {
  const known = contenders.get(name);
  if (known) return known;
  const make = makers.get(name);
  if (!make) throw new Error(`There is no contender "${name}".`);
  const made = { contender: await make(), times: 0 };
  contenders.set(name, made);
  return made;
}

async function measure(name: string, times: number): Promise<Sample> {
  const entry = await obtain(name);
  entry.times += times;
  // What the one before left behind is not to be collected at the expense of this one.
  globalThis.gc?.({ type: 'minor' });

  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  const running = entry.contender.run(times);
  const own = running instanceof Promise ? await running : running;
  const wall = Number(process.hrtime.bigint() - start) / 1e6;
  const { user, system } = process.cpuUsage(cpu);
  return { wall, cpu: (user + system) / 1e3, own: typeof own === 'number' ? own : undefined };
}

async function check(): Promise<void> {
  for (const { contender, times } of contenders.values()) await contender.check(times);
}

async function answer(request: Request): Promise<Answer> {
  try {
    if (request.do === 'measure')
      return { sample: await measure(request.contender, request.times) };
    await check();
    return 'checked';
  } catch (error) {
    return { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.on('message', (request: Request) => {
  void answer(request).then((message) => process.send?.(message));
});
// Connections that contenders keep open do not hold this process back.
process.on('disconnect', () => process.exit());
