import type { AccountBalance } from '../../guard/balance.ts';
import type { World } from '../command.ts';
import type { Books } from './books.ts';
import { standingOf, type Standing } from './standing.ts';

/** One account as `--json` prints it: the balance, and what operators ordered for it. */
export interface BalanceRow extends AccountBalance {
  /** By how much the cap is raised now; with the configuration it is part of `cap_nano_usd`. */
  readonly raised_nano_usd: number;
  readonly raised_tokens: number;
  readonly raised_calls: number;
  /** Somebody closed the scope: nothing more may be spent there. */
  readonly is_closed: boolean;
  /** Where the ceiling is known from; `last-use`: what a guard last used, raises included. */
  readonly cap_from: 'config' | 'last-use' | 'unknown';
}

/** What stands in all accounts that count now, or in those of one scope value. */
export async function balancesOf(
  books: Books,
  scope: string | undefined,
  { clock }: Pick<World, 'clock'>,
): Promise<readonly BalanceRow[]> {
  const accounts = await books.accounts(scope);
  const [balances, journal] = await Promise.all([
    books.knowing(accounts).balance(scope),
    books.operations.journal(),
  ]);
  const standing = standingOf(journal, clock());
  const hasConfig = new Set(books.configuredCaps());
  return balances.map((balance) => described(balance, standing, hasConfig.has(balance.cap_id)));
}

function described(balance: AccountBalance, standing: Standing, isConfigured: boolean): BalanceRow {
  const [usd, tokens, calls] = standing.raised(balance.cap_id, balance.scope);
  const isKnown = [balance.cap_nano_usd, balance.cap_tokens, balance.cap_calls].some(
    (ceiling) => ceiling !== null,
  );
  const raised = isConfigured ? raisedBy(balance, [usd, tokens, calls]) : balance;
  return {
    ...raised,
    raised_nano_usd: usd,
    raised_tokens: tokens,
    raised_calls: calls,
    is_closed: standing.isClosed(balance.scope),
    cap_from: isConfigured ? 'config' : isKnown ? 'last-use' : 'unknown',
  };
}

/** The balance under its cap and what was put on top of it. */
function raisedBy(
  balance: AccountBalance,
  [usd, tokens, calls]: readonly [number, number, number],
): AccountBalance {
  const capNano = sum(balance.cap_nano_usd, usd);
  const [capTokens, capCalls] = [sum(balance.cap_tokens, tokens), sum(balance.cap_calls, calls)];
  const { spent_nano_usd: spent, held_nano_usd: held } = balance;
  return {
    ...balance,
    cap_nano_usd: capNano,
    cap_usd: capNano === null ? null : capNano / 1e9,
    remaining_usd: capNano === null ? null : Math.max(0, capNano - spent - held) / 1e9,
    cap_tokens: capTokens,
    cap_calls: capCalls,
    overdrawn:
      isAbove(spent, capNano) ||
      isAbove(balance.spent_tokens, capTokens) ||
      isAbove(balance.spent_calls, capCalls),
  };
}

function sum(ceiling: number | null, raise: number): number | null {
  return ceiling === null ? null : Math.min(Number.MAX_SAFE_INTEGER, ceiling + raise);
}

function isAbove(spent: number, ceiling: number | null): boolean {
  return ceiling !== null && spent > ceiling;
}
