import type { Account, Ceiling } from '../../ledger/account.ts';
import type { Ceilings } from '../../ledger/leases/sums.ts';
import type { BudgetGuardConfig } from '../../policy/config.ts';
import { createPolicy, type Policy } from '../../policy/plan.ts';
import { readConfig } from '../../policy/read-config.ts';
import { GLOBAL_SCOPE } from '../../policy/scope.ts';
import { windowText } from '../../policy/window-text.ts';
import { workIdOf } from '../../policy/wrap-up.ts';
import { calls, tokens } from '../../units/count.ts';
import { nanoUsd } from '../../units/money.ts';
import type { EpochMs } from '../../units/time.ts';
import type { World } from '../command.ts';
import type { AccountRow } from './account-row.ts';

/** What the accounts of a ledger are made of. */
export interface AccountSources {
  /** Rows that still count, sorted by cap, scope and end. */
  readonly rows: readonly AccountRow[];
  readonly config: BudgetGuardConfig | undefined;
  readonly scope: string | undefined;
}

/**
 * The accounts that count now: of each cap and scope value in the store, in the form that the
 * configuration gives them where it knows the cap, and those that it plans for `scope`.
 *
 * Without the configuration a ceiling is what a guard last used, and a mode is taken to be
 * `enforce`, because the store keeps neither.
 */
export function accountsOf(
  { rows, config, scope }: AccountSources,
  { clock }: Pick<World, 'clock'>,
): readonly Account[] {
  const now = clock();
  const policy = config === undefined ? undefined : createPolicy(readConfig(config).caps);
  const found = new Map<string, Account>();
  const add = (account: Account): void => {
    const name = `${account.capId}\u0000${account.scope}`;
    if (!found.has(name)) found.set(name, account);
  };
  for (const account of plannedFor(policy, scope, now)) {
    if (scope === undefined || account.scope === scope) add(account);
  }
  for (const group of groupsOf(rows)) add(accountOf(group, policy, now));
  return [...found.values()];
}

/** The ids of the caps of a configuration, with those of the parts kept for wrapping up. */
export function capIdsOf(config: BudgetGuardConfig): readonly string[] {
  return readConfig(config).caps.flatMap((cap) =>
    cap.wrapUpParts === 0 ? [cap.id] : [cap.id, workIdOf(cap.id)],
  );
}

function plannedFor(
  policy: Policy | undefined,
  scope: string | undefined,
  now: EpochMs,
): readonly Account[] {
  return policy?.accountsOf(scopesOf(scope), now) ?? [];
}

function accountOf(group: Group, policy: Policy | undefined, now: EpochMs): Account {
  const { capId, scope, rows } = group;
  const planned = plannedFor(policy, scope, now).find((account) => account.capId === capId);
  if (planned !== undefined && planned.scope === scope) return planned;
  const cap = policy?.capOf(capId);
  const last = rows.at(-1);
  return {
    capId,
    scope,
    window: last?.window ?? (cap === undefined ? windowIn(capId) : windowText(cap.window)),
    ceiling: cap?.ceiling ?? ceilingOf(last?.ceiling),
    mode: cap?.mode ?? (capId.startsWith('observe:') ? 'observe' : 'enforce'),
    parts: rows.map(({ key, leavesAt }) => ({ key, leavesAt })),
  };
}

interface Group {
  readonly capId: string;
  readonly scope: string;
  readonly rows: readonly AccountRow[];
}

function groupsOf(rows: readonly AccountRow[]): readonly Group[] {
  const groups = new Map<string, { capId: string; scope: string; rows: AccountRow[] }>();
  for (const row of rows) {
    const { capId, scope } = row;
    const name = `${capId}\u0000${scope}`;
    const group = groups.get(name) ?? { capId, scope, rows: [] };
    groups.set(name, group);
    group.rows.push(row);
  }
  return [...groups.values()];
}

/** `'customer:acme'` as the scopes of a call that would draw on it. */
function scopesOf(scope: string | undefined) {
  if (scope === undefined || scope === GLOBAL_SCOPE) return {};
  const end = scope.indexOf(':');
  return end < 1 ? {} : { [scope.slice(0, end)]: [scope.slice(end + 1)] };
}

/** `customer/day`, `model=gpt-5/rolling-1h`, `global/month@europe/berlin`, `global/day~work`. */
const ID_WINDOW = /\/(minute|hour|day|week|month|lifetime|rolling-\d+[smhd])(?:@.*?)?(?:~work)?$/;

/** The window in which a derived id ends; empty for an id that somebody chose. */
function windowIn(capId: string): string {
  return (ID_WINDOW.exec(capId)?.[1] ?? '').replace('-', ' ');
}

function ceilingOf([usd, token, call]: Ceilings = [null, null, null]): Ceiling {
  return {
    usd: nanoUsd(usd ?? undefined),
    tokens: tokens(token ?? undefined),
    calls: calls(call ?? undefined),
  };
}
