import { OperationError } from '../../errors/error.ts';
import type { Account } from '../../ledger/account.ts';
import type { Ordered } from '../../open/order.ts';
import type { Done } from '../../open/report.ts';
import { nearestOf } from '../../policy/nearest.ts';
import type { EpochMs } from '../../units/time.ts';
import type { OptionValues, World } from '../command.ts';
import { usageError } from '../usage-error.ts';

/** Options of every command that changes the books; spread them into its own. */
export const ORDER_OPTIONS = {
  reason: {
    kind: 'text',
    summary: 'Why: kept in the journal of the store for good',
    isRequired: true,
  },
  who: {
    kind: 'text',
    value: 'name',
    summary: 'Who orders it: kept in the journal, too; the user of the shell unless given',
  },
  id: {
    kind: 'text',
    summary: 'Id of the order; the same order with the same id and --at is carried out once',
  },
  at: { kind: 'instant', summary: 'When it is ordered; now unless given' },
} as const;

/** An order with everything said that makes it the same when it is given again. */
export type WholeOrder = Required<Ordered>;

/** Who, why, and by which id: the same when the order is given again. */
export function orderOf(
  { reason, who, id, at }: OptionValues<typeof ORDER_OPTIONS>,
  { env, clock }: World,
): WholeOrder {
  const user = who ?? env['USER'] ?? env['LOGNAME'] ?? env['USERNAME'] ?? '';
  if (user === '') {
    throw usageError('Nobody is named who orders this', 'Say --who <name>');
  }
  const ordered = at ?? clock();
  return { reason, who: user, id: id ?? globalThis.crypto.randomUUID(), at: ordered };
}

/**
 * Carries out an order. One whose fate is unknown rejects with `STORE_UNAVAILABLE` and says how to
 * give the very same again, so that it counts once.
 */
export async function carriedOut(
  { id, at }: WholeOrder,
  order: () => Promise<Done>,
): Promise<Done> {
  try {
    return await order();
  } catch (cause) {
    const isUnknown = cause instanceof OperationError && cause.code === 'STORE_UNAVAILABLE';
    if (!isUnknown) throw cause;
    const same = `--id ${id} --at ${new Date(at).toISOString()}`;
    const message = `${cause.message} To be sure, give the same order again with ${same}`;
    throw new OperationError('STORE_UNAVAILABLE', message, { cause });
  }
}

/** Which dimensions an order speaks of. */
export interface Spoken {
  readonly usd: boolean;
  readonly tokens: boolean;
  readonly calls: boolean;
}

/**
 * The accounts that an order is about: those of `cap`, or of the one cap of the scope that has a
 * ceiling in every dimension that is spoken of.
 *
 * Throws `COMMAND_INVALID` when the scope has no such cap, or several: a guess could change the
 * wrong one.
 */
export function accountsMeant(
  accounts: readonly Account[],
  {
    scope,
    cap,
    spoken,
  }: { readonly scope: string; readonly cap?: string; readonly spoken: Spoken },
): readonly Account[] {
  const known = [...new Set(accounts.map(({ capId }) => capId))];
  if (cap !== undefined) {
    const named = accounts.filter(({ capId }) => capId === cap);
    if (named.length > 0) return counting(named, spoken, { cap, scope });
    const nearest = nearestOf(cap, known) ?? known[0];
    throw usageError(
      `No account of the cap ${JSON.stringify(cap)} is known for ${scope}`,
      nearest === undefined ? NO_CAP : `Say --cap ${nearest}`,
    );
  }
  const fitting = accounts.filter(({ ceiling }) =>
    DIMENSIONS.every((name) => !spoken[name] || ceiling[name] !== undefined),
  );
  const ids = [...new Set(fitting.map(({ capId }) => capId))];
  if (ids.length === 1) return fitting;
  if (ids.length === 0) {
    const others = known.length === 0 ? '' : `; it has ${known.join(', ')}`;
    throw usageError(`No cap in that unit is known for ${scope}${others}`, NO_CAP);
  }
  throw usageError(`${scope} has several caps in that unit: ${ids.join(', ')}`, 'Say --cap <id>');
}

/**
 * The accounts, if they count all that is spoken of. What counts nothing at all is a store that
 * keeps no ceilings: then nobody knows better.
 */
function counting(
  accounts: readonly Account[],
  spoken: Spoken,
  { cap, scope }: { readonly cap: string; readonly scope: string },
): readonly Account[] {
  const counted = DIMENSIONS.filter((name) =>
    accounts.some(({ ceiling }) => ceiling[name] !== undefined),
  );
  const strange = DIMENSIONS.find((name) => spoken[name] && !counted.includes(name));
  if (strange === undefined || counted.length === 0) return accounts;
  throw usageError(
    `The cap ${JSON.stringify(cap)} of ${scope} has no ceiling in ${strange}, only in ` +
      `${counted.join(', ')}: the order would change nothing`,
    `Say --${counted[0] ?? strange}`,
  );
}

const DIMENSIONS = ['usd', 'tokens', 'calls'] as const;

const NO_CAP =
  'Give the configuration with --config, so that caps are known before they are drawn on';

/** What became of an order, for people. */
export function doneText({ id, repeated }: Done): string {
  return repeated
    ? `Nothing changed: the order ${id} had been carried out before.`
    : `Order ${id} is in the journal.`;
}

/** An instant for people and scripts, as `--at` and `--until` take it. */
export function isoOf(at: EpochMs | number): string {
  return new Date(at).toISOString();
}
