import { Budget } from '../../budget/budget.ts';
import type { BudgetAmounts } from '../../budget/budget-amounts.ts';
import { ConfigError, MisuseError, type HardcapError } from '../../errors/error.ts';
import type { Guard } from '../../guard/guard.ts';
import { AgentFrame } from './frame.ts';
import { runIn, waitedForIn } from './live.ts';
import type { AgentsOptions, AgentTerms, Allotment } from './terms.ts';

/** The figures of a run, during it and after. */
export interface AgentRun {
  /** What can still be held. */
  readonly remaining: BudgetAmounts;
  /** What was spent, by all agents of the run. */
  readonly spent: BudgetAmounts;
  /** What is in open holds, and in parts that were split off. */
  readonly held: BudgetAmounts;
}

/**
 * Gives a run of agents a budget of its own: every call that `fn` makes, and all that it starts,
 * draws on it. Takes the budget over and closes it when what `fn` gives has ended: a promise when
 * it is settled, a stream with its last value.
 *
 * The run ends with the `BudgetCapError` that stopped it, whatever a framework made of that. Throws
 * `HANDLE_SPENT` for a budget that was used up, `CONFIG_INVALID` for options that cannot be meant,
 * before anything starts.
 *
 * @example
 * const report = await runAgents(
 *   guard,
 *   guard.budget({ usd: 1 }, 'report'),
 *   () => lead.generate({ prompt }),
 *   { lead: 'lead', agents: { reader: { usd: 0.3 } } },
 * );
 */
export function runAgents<T>(
  guard: Guard,
  budget: Budget,
  fn: (run: AgentRun) => T,
  options: AgentsOptions = {},
): T {
  checkOptions(options);
  const own = takenOver(budget);
  let frame: AgentFrame;
  try {
    frame = AgentFrame.ofRun(guard, own, options);
  } catch (error) {
    own.close();
    throw error;
  }
  const { purse } = frame;
  const run: AgentRun = {
    get remaining() {
      return purse.figure('room');
    },
    get spent() {
      return purse.figure('spent');
    },
    get held() {
      return purse.figure('held');
    },
  };
  return runIn(frame, () => fn(run));
}

/**
 * Runs `fn` as an agent below the one that is running: with a budget of its own, closed when what
 * `fn` gives has ended. Without `allotment` the run's options say what it may spend.
 *
 * Throws `ALLOTMENT_MISSING` where nothing does, and `REQUEST_INVALID` outside `runAgents`.
 *
 * @example
 * const notes = await Promise.all(
 *   pages.map((page) => spawnAgent(`reader-${page.id}`, () => read(page), { usd: 0.2 })),
 * );
 */
export function spawnAgent<T>(agent: string, fn: () => T, allotment?: Allotment): T {
  const caller = AgentFrame.here();
  if (caller === undefined) throw noRun(agent);
  return runIn(caller.child({ agent, allotment }), fn);
}

/**
 * The same function, run as the agent that is running now, whoever calls it and from where: for
 * listeners, pools and queues, which call back from a context of their own. Outside `runAgents` it
 * is `fn` itself.
 */
export function bindToAgent<F extends (...args: never[]) => unknown>(fn: F): F {
  const frame = AgentFrame.here();
  if (frame === undefined) return fn;
  const bound = (...args: Parameters<F>) => frame.enter(() => waitedForIn(frame, fn(...args)));
  return bound as F;
}

/** What a wrapped agent does when it is called. */
export interface Called<T> extends AgentTerms {
  /** The object that the agent is: a call of it from within itself is no new agent. */
  readonly target: object;
  /** What a stopped agent gives instead of the refusal. */
  readonly whenStopped?: ((error: HardcapError) => Awaited<T>) | undefined;
}

/**
 * One call of an agent: below the one that is running. Outside `runAgents` it is the call itself,
 * unless it has an allotment, which would then count for nothing: `REQUEST_INVALID`.
 */
export function asCall<T>({ target, whenStopped, ...terms }: Called<T>, fn: () => T): T {
  const caller = callerFor(terms);
  if (caller === undefined || caller.isOf(target)) return fn();
  return runIn(caller.child(terms, target), fn, whenStopped);
}

/** The frame that an agent is called from; `undefined` outside `runAgents`. */
export function callerFor({ agent, allotment }: AgentTerms): AgentFrame | undefined {
  const caller = AgentFrame.here();
  if (caller === undefined && allotment !== undefined) throw noRun(agent);
  return caller;
}

function noRun(agent: string): MisuseError {
  return new MisuseError(
    'REQUEST_INVALID',
    `Agent ${JSON.stringify(agent)} is called outside of any run, so there is no budget to take ` +
      'its allotment from. Nothing was sent. Call it inside runAgents(guard, budget, fn).',
  );
}

/** The caller's handle is used up, as by any other operation that takes a budget over. */
function takenOver(budget: Budget): Budget {
  if (Budget.poolOf(budget) === undefined) {
    throw new MisuseError(
      'REQUEST_INVALID',
      'runAgents: the budget is no live budget. It comes from Budget.create or guard.budget, and ' +
        'a copy of one has no money behind it.',
    );
  }
  return Budget.takeOver(budget, 'runAgents');
}

const CHOICES = {
  unallotted: ['refuse', 'share'],
  onRefusal: ['stop', 'stop-run', 'leave'],
} as const;

const FIELDS = ['agents', 'each', 'lead', 'unallotted', 'onRefusal', 'onEnd'];

/** An option that is misspelt must not count as absent: it may be the one that refuses. */
function checkOptions(options: AgentsOptions): void {
  for (const field of Object.keys(options)) {
    if (FIELDS.includes(field)) continue;
    const value: unknown = Reflect.get(options, field);
    throw new ConfigError({
      field,
      value,
      reason: `no such option; there are ${FIELDS.join(', ')}`,
    });
  }
  for (const [field, choices] of Object.entries(CHOICES)) {
    const value: unknown = Reflect.get(options, field);
    if (value === undefined || choices.some((choice) => choice === value)) continue;
    const nearest = `'${choices[0]}'`;
    throw new ConfigError({ field, value, reason: `one of ${choices.join(', ')}`, nearest });
  }
}
