import type { Budget } from '../../budget/budget.ts';
import { MisuseError, RefusalError, type HardcapError } from '../../errors/error.ts';
import type { RunScopes } from '../../guard/budgets/budget-scopes.ts';
import type { Guard } from '../../guard/guard.ts';
import { placeHere, runAt, type AgentPlace } from './context.ts';
import { Purse } from './purse.ts';
import type { AgentEnd, AgentsOptions, AgentTerms, Allotment } from './terms.ts';

/** Agents that one agent may have at work at once, and standing ones of other names. */
const AGENTS_MAX = 10_000;

/** A ceiling that never binds: an agent that only shares still has a budget that can be stopped. */
const ENDLESS: Allotment = Object.freeze({ calls: Number.MAX_SAFE_INTEGER });

/** What a frame stands for, and what it is made of. */
interface FramePlan {
  readonly name: string;
  readonly purse: Purse;
  /** Whether the purse was opened for this frame, which then closes it. */
  readonly ownsPurse: boolean;
  readonly parent: AgentFrame | undefined;
  /** With the scopes of the frame above. */
  readonly guard: Guard;
  /** What this frame adds to them. */
  readonly scopes: RunScopes;
  readonly options: AgentsOptions;
  /** The object that the agent is, where it is one. */
  readonly target: object | undefined;
  /** Whether it is the run itself, which is no agent. */
  readonly isRun: boolean;
}

/**
 * One agent at work, from its call to its end.
 *
 * A1. Every call made in it draws on its budget, and on all above it.
 * A2. It ends once: when its last activity has, or with the one that called it. Then its budget is
 *     closed and what is left of it goes back; what a call in flight holds stays until that ends.
 * A3. A refused call stops it: no further call of it, or of what shares its ceiling, is held.
 */
export class AgentFrame implements AgentPlace {
  readonly #plan: FramePlan;
  /** The same guard with the scopes of this frame. */
  readonly #guard: Guard;
  /** Runs functions with the scopes that were here when the frame was made. */
  readonly #resume: <T>(fn: () => T) => T;
  readonly #children = new Set<AgentFrame>();
  readonly #standing = new Map<string, AgentFrame>();
  /** The agents whose turn it is, each in a loop that may run several in turn. */
  readonly #turns = new WeakMap<object, AgentFrame>();
  /** What is told when the work of whoever called this agent is done, or the agent has ended. */
  readonly #watches = new Set<() => void>();
  /** What this agent itself is at. */
  #activities = 0;
  /** Agents that it called, and whose end it waits for. */
  #called = 0;
  #isEnded = false;

  private constructor(plan: FramePlan) {
    const { guard, scopes } = plan;
    this.#plan = plan;
    this.#guard = guard.for(scopes);
    this.#resume = this.#guard.run({}, () => guard.root.here());
  }

  /** The frame of a run. It takes the budget over. */
  static ofRun(guard: Guard, budget: Budget, options: AgentsOptions): AgentFrame {
    const purse = new Purse(budget);
    const { name } = purse;
    const plan = { name, purse, ownsPurse: true, guard, scopes: { budget }, options };
    return new AgentFrame({ ...plan, parent: undefined, target: undefined, isRun: true });
  }

  /** The frame that the running code stands in. */
  static here(): AgentFrame | undefined {
    const place = placeHere();
    return place instanceof AgentFrame ? place : undefined;
  }

  /** The first refusal that stopped it. */
  get stoppedBy(): HardcapError | undefined {
    return this.#plan.purse.stoppedBy;
  }

  /** The agent whose turn it is in a loop that was begun here: this one, where none took it. */
  turnIn(loop: object): AgentFrame {
    return this.#turns.get(loop) ?? this;
  }

  /** From now on it is that agent's turn in the loop. */
  giveTurn(loop: object, frame: AgentFrame): void {
    this.#turns.set(loop, frame);
  }

  /** What it may spend and what it has. */
  get purse(): Purse {
    return this.#plan.purse;
  }

  /** Whether this is the frame of that very object, so that a call of it is no new agent. */
  isOf(target: object): boolean {
    return this.#plan.target === target;
  }

  /**
   * The frame of an agent that is called here, for the length of that call.
   *
   * Throws `ALLOTMENT_MISSING`, and as `split` and `delegate` do.
   */
  child(terms: AgentTerms, target?: object): AgentFrame {
    const frame = this.#open(terms, target);
    this.#add(frame);
    this.#called += 1;
    return frame;
  }

  /** The frame of an agent that comes back for more turns: one for each name, until this ends. */
  standing(terms: AgentTerms): AgentFrame {
    const { name, isRun } = this.#plan;
    if (terms.agent === name && !isRun) return this;
    const known = this.#standing.get(terms.agent);
    if (known !== undefined) return known;
    const frame = this.#open(terms, undefined);
    this.#add(frame);
    // Between its turns too: it ends because this one does.
    frame.begin();
    this.#standing.set(terms.agent, frame);
    return frame;
  }

  /** A place of the same agent, where other agents end with what was begun there. */
  place(): AgentFrame {
    const plan = { ...this.#plan, guard: this.#guard, scopes: {}, parent: this };
    const frame = new AgentFrame({ ...plan, ownsPurse: false });
    this.#add(frame);
    this.#called += 1;
    return frame;
  }

  /**
   * Runs `fn` in this frame, wherever it is called. Scopes that were added below the one that
   * called this agent stay; where the code is somebody else's, they are those of this frame.
   */
  enter<T>(fn: () => T): T {
    const here = AgentFrame.here();
    if (here === this) return fn();
    const inside = () => runAt(this, fn);
    if (here !== undefined && this.#isBelow(here)) return this.#guard.run({}, inside);
    return this.#resume(inside);
  }

  /**
   * A call of an agent whose name nobody knows, so that no allotment can be its own. Throws
   * `ALLOTMENT_MISSING` where such may not share what its caller has.
   */
  strange(remedy: string): void {
    if (this.#plan.options.unallotted === 'share') return;
    const error = new RefusalError(
      'ALLOTMENT_MISSING',
      `${JSON.stringify(this.#plan.name)} calls an agent that has no budget of its own. Nothing ` +
        `was sent. ${remedy}`,
    );
    this.refused(error);
    throw error;
  }

  refused(error: HardcapError): void {
    const { purse, parent, options } = this.#plan;
    const { onRefusal = 'stop' } = options;
    if (onRefusal === 'leave' || !FINAL.has(error.code)) return;
    purse.stop(error);
    if (onRefusal !== 'stop-run') return;
    if (parent !== undefined) parent.refused(error);
    else this.#stopBelow(error);
  }

  /** What was fenced off for an agent does not end with what it was taken from. */
  #stopBelow(error: HardcapError): void {
    for (const child of this.#children) {
      child.purse.stop(error);
      child.#stopBelow(error);
    }
  }

  /** Something of this agent is going on; `finish` ends it. */
  begin(): void {
    this.#activities += 1;
  }

  /** An activity has ended; with the last one the frame does, unless agents below are at work. */
  finish(): void {
    this.#activities -= 1;
    if (this.#activities > 0 || this.#isEnded) return;
    if (this.#called <= 0) this.end();
    else for (const child of this.#children) child.#tellWatches();
  }

  #tellWatches(): void {
    for (const watch of this.#watches) watch();
  }

  /** Whether it has ended, and its budget is closed. */
  get hasEnded(): boolean {
    return this.#isEnded;
  }

  /** Whether whoever called this agent has nothing left to do itself. */
  get isCallerDone(): boolean {
    const { parent } = this.#plan;
    return parent !== undefined && (parent.#isEnded || parent.#activities <= 0);
  }

  /** Calls `told` when that, or the end of this agent, comes. Returns how to stop. */
  onCallerDone(told: () => void): () => void {
    this.#watches.add(told);
    return () => this.#watches.delete(told);
  }

  /** Calls that were made from its budget and have settled. */
  get callsMade(): number {
    return this.#plan.purse.figure('spent').calls ?? 0;
  }

  /** Whether a call is in flight in its budget or below, or a part of it is fenced off. */
  get hasOpenCalls(): boolean {
    return Object.values(this.#plan.purse.figure('held')).some((amount) => amount > 0);
  }

  /** Calls `told` after each change of its budget. Returns how to stop. */
  onCalls(told: () => void): () => void {
    return this.#plan.purse.watch(told);
  }

  /** Milliseconds after which what stands unread counts as left. */
  get idleTimeoutMs(): number {
    return this.#guard.idleTimeoutMs;
  }

  /** Ends it and all below it, once. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const child of this.#children) child.end();
    const { purse, ownsPurse, parent, options } = this.#plan;
    if (ownsPurse) purse.close();
    try {
      if (ownsPurse) options.onEnd?.(this.#report());
    } catch (error) {
      // The budget is closed already; the listener's own bug must surface, but not here.
      queueMicrotask(() => {
        throw error;
      });
    }
    this.#tellWatches();
    parent?.ended(this);
  }

  #report(): AgentEnd {
    const { name: agent, stoppedBy = null } = this.#plan.purse;
    return { agent, callers: this.#callers(), spent: this.#plan.purse.figure('spent'), stoppedBy };
  }

  #open({ agent, allotment }: AgentTerms, target: object | undefined): AgentFrame {
    const { options, purse, isRun } = this.#plan;
    const above = { ...this.#plan, guard: this.#guard, parent: this };
    const plan = { ...above, name: agent, target, isRun: false };
    if (isRun && agent === options.lead && allotment === undefined) {
      return new AgentFrame({ ...plan, ownsPurse: false, scopes: { agent } });
    }
    const budget = purse.allot(agent, allotment ?? this.#agreedFor(agent));
    const own = new Purse(budget);
    try {
      return new AgentFrame({ ...plan, purse: own, ownsPurse: true, scopes: { agent, budget } });
    } catch (error) {
      own.close();
      throw error;
    }
  }

  #agreedFor(agent: string): Allotment {
    const { agents = {}, each, unallotted = 'refuse' } = this.#plan.options;
    const agreed = Object.hasOwn(agents, agent) ? agents[agent] : undefined;
    const allotment = agreed ?? each ?? (unallotted === 'share' ? ENDLESS : undefined);
    if (allotment !== undefined) return allotment;
    const error = missing(agent, this.#plan);
    this.refused(error);
    throw error;
  }

  #add(frame: AgentFrame): void {
    if (this.#children.size >= AGENTS_MAX) {
      frame.end();
      throw new MisuseError(
        'REQUEST_INVALID',
        `${JSON.stringify(this.#plan.name)} has ${AGENTS_MAX} agents at work, the most there can ` +
          'be. Wait for some of them to end.',
      );
    }
    this.#children.add(frame);
  }

  /** An agent that was called here has ended. */
  ended(child: AgentFrame): void {
    if (!this.#children.delete(child) || this.#isEnded) return;
    this.#called -= 1;
    if (this.#activities <= 0 && this.#called <= 0) this.end();
  }

  #isBelow(other: AgentFrame): boolean {
    for (let at = this.#plan.parent; at !== undefined; at = at.#plan.parent) {
      if (at === other) return true;
    }
    return false;
  }

  #callers(): readonly string[] {
    const names: string[] = [];
    for (let at = this.#plan.parent; at !== undefined; at = at.#plan.parent) {
      if (at.#plan.ownsPurse) names.unshift(at.#plan.name);
    }
    return names;
  }
}

/** Refusals after which an agent goes no further. */
const FINAL: ReadonlySet<string> = new Set(['BUDGET_CAP', 'SCOPE_CLOSED', 'ALLOTMENT_MISSING']);

function missing(agent: string, { name, isRun }: FramePlan): HardcapError {
  const key = JSON.stringify(agent);
  const lead = isRun ? `; or lead: ${key}, when it may spend all that the run has` : '';
  return new RefusalError(
    'ALLOTMENT_MISSING',
    `${JSON.stringify(name)} calls agent ${key}, and nothing says what that may spend. Nothing ` +
      `was sent. Write agents: { ${key}: { usd: 0.5 } } in the options of runAgents (each: ` +
      `{ usd: 0.5 } for all others)${lead}.`,
  );
}
