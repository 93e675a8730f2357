import type { BudgetAmounts } from '../../budget/budget-amounts.ts';
import { ConfigError, type HardcapError } from '../../errors/error.ts';

/** What an agent may spend. What is not named is shared with whatever it comes from. */
export interface Allotment extends BudgetAmounts {
  /**
   * `'delegate'` (default): a ceiling on the pool that all share. `'split'`: fenced off, so that
   * nobody else can take it; what is left goes back when the agent ends.
   */
  readonly by?: 'delegate' | 'split' | undefined;
}

/** What is agreed for a run and for all agents in it. */
export interface AgentsOptions {
  /** What each agent may spend, by its name. */
  readonly agents?: Readonly<Record<string, Allotment>> | undefined;
  /** What an agent may spend that `agents` does not name. */
  readonly each?: Allotment | undefined;
  /** The agent that starts the others: it draws on the budget of the run itself. */
  readonly lead?: string | undefined;
  /**
   * An agent without an allotment is refused (`'refuse'`, default: `ALLOTMENT_MISSING`), or draws
   * on what its caller has, with no ceiling of its own (`'share'`).
   */
  readonly unallotted?: 'refuse' | 'share' | undefined;
  /**
   * What a refused call (`BUDGET_CAP`, `SCOPE_CLOSED`) does to the agent that made it.
   *
   * `'stop'` (default): it makes no further call and ends with that error, whatever its code or
   * framework made of it; others go on. `'stop-run'`: so do all above it. `'leave'`: nothing; its
   * code deals with the refusal, for instance by a last call marked `wrapUp`.
   */
  readonly onRefusal?: 'stop' | 'stop-run' | 'leave' | undefined;
  /** Is told, once for each agent and last of the run, what it spent. */
  readonly onEnd?: ((end: AgentEnd) => void) | undefined;
}

/** How an agent, or a run, came to its end. */
export interface AgentEnd {
  /** Its name; of a run, that of its budget. */
  readonly agent: string;
  /** Who called it, outermost first: the run, then agents. Empty for the run itself. */
  readonly callers: readonly string[];
  /** What was spent from its budget, by it and by all below it. Calls in flight come later. */
  readonly spent: BudgetAmounts;
  /** The refusal that stopped it; `null`: nothing did. */
  readonly stoppedBy: HardcapError | null;
}

/** How one agent is to be run. */
export interface AgentTerms {
  /** Its name among the agents of a run. */
  readonly agent: string;
  /** Before what the run says. */
  readonly allotment?: Allotment | undefined;
}

/**
 * Passes when both say the same of one agent: two allotments cannot both be meant, and none is
 * dropped in silence. Throws `CONFIG_INVALID`.
 */
export function mustAgree(before: AgentTerms, now: AgentTerms): void {
  if (textOf(before) === textOf(now)) return;
  throw new ConfigError({
    field: 'allotment',
    value: textOf(now),
    reason: `the same agent was wrapped before, as ${textOf(before)}, and has one allotment`,
    nearest: 'wrap it once; what it may spend can also stand in runAgents(..., { agents })',
  });
}

function textOf({ agent, allotment }: AgentTerms): string {
  if (allotment === undefined) return JSON.stringify({ agent });
  const { by = 'delegate', usd, tokens, calls, ...others } = allotment;
  return JSON.stringify({ agent, allotment: { usd, tokens, calls, ...others, by } });
}
