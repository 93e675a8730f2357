import { randomUUID } from 'node:crypto';
import { MisuseError, OperationError } from '../../errors/error.ts';
import { GrantError } from '../../errors/grant-error.ts';
import type { Account, Amounts, Balance } from '../../ledger/account.ts';
import { AMOUNTS_ZERO } from '../../ledger/amounts.ts';
import type { ReserveReply, Short } from '../../ledger/ledger.ts';
import type { Schedule } from '../../ledger/leases/ports.ts';
import { calls } from '../../units/count.ts';
import { sharedOf, type Keeping } from '../shared.ts';
import { markAccount } from './grant-accounts.ts';

/**
 * What became of taking calls of an account: they are there, they are not, or somebody has closed
 * the scope of the grant, so that nobody can take any.
 */
type Taking = 'taken' | 'gone' | 'closed';

/**
 * What is done to a grant on the ledger that issuer and receiver share.
 *
 * G1. Nobody can redeem on a ledger what was not issued on it.
 * G2. Of all who redeem or revoke a grant, exactly one succeeds: they take one call of an account
 *     that has no more. What the ledger granted for it is not given to a second, whatever becomes
 *     of the first.
 * G3. Where the ledger does not answer, nothing was decided: `STORE_UNAVAILABLE`.
 */
export class GrantLedger {
  readonly #keeping: Keeping;

  constructor(keeping: Keeping) {
    this.#keeping = keeping;
  }

  /**
   * Throws `REQUEST_INVALID` for a ledger of this process alone, unless that is what is wanted: a
   * grant is refused a second time only as far as the ledger reaches.
   */
  mustReach(allowLocal: boolean): void {
    if (allowLocal || sharedOf(this.#keeping.ledger) !== undefined) return;
    throw new MisuseError(
      'REQUEST_INVALID',
      'The ledger of this guard lives in this process, and so does the knowledge which grants ' +
        'were redeemed. Give the guard a shared ledger, or say `allowLocal: true` where issuer ' +
        'and receiver are one process. Nothing was issued or redeemed.',
    );
  }

  /** Notes that the grant was issued, where every receiver will find it. */
  async markIssued(id: string): Promise<void> {
    const taking = await this.take(markAccount(id), 1);
    if (taking !== 'taken') throw unavailable('A new grant was found on it.');
    await this.#asked(async (shared) => await shared?.flush());
  }

  /** Whether the grant was issued on this ledger. */
  async isIssued(id: string): Promise<boolean> {
    const { spent, held } = await this.balance(markAccount(id));
    return spent.calls + held.calls > 0;
  }

  /**
   * Takes the one right to redeem or revoke; `false`: somebody has it. Rejects with `SCOPE_CLOSED`
   * where the scope of the grant was closed by hand: then nobody can say.
   */
  async markRedeemed(id: string): Promise<boolean> {
    const taking = await this.take(markAccount(id), 1);
    if (taking === 'closed') throw closedByHand(id);
    return taking === 'taken';
  }

  /** What stands in the account, everywhere, now. */
  async balance(account: Account): Promise<Balance> {
    await this.#asked(async (shared) => await shared?.refresh([account]));
    return this.#keeping.ledger.balance(account);
  }

  /**
   * Takes that many calls of the account for good. From the hold on nobody else can have them.
   */
  async take(account: Account, count: number): Promise<Taking> {
    const { ledger, clock, unended } = this.#keeping;
    const id = `grant-${randomUUID()}`;
    const amounts = callsOnly(count);
    let reply: ReserveReply;
    try {
      reply = await ledger.reserveAsync({ id, at: clock(), amounts, accounts: [account] });
    } catch (cause) {
      throw unavailable('It failed.', cause);
    }
    if (reply.kind === 'refused') return reply.short.some(isClosed) ? 'closed' : 'gone';
    if (reply.kind !== 'reserved') throw unavailable('It cannot decide.', causeOf(reply));
    const at = clock();
    const end = () => ledger.settle({ id, at, amounts }).kind !== 'unavailable';
    // The hold stands until its end can be written, and keeps everybody else away as well.
    if (!end()) unended.keep(id, end);
    return 'taken';
  }

  /** The time by the guard's clock, in milliseconds. */
  now(): number {
    return this.#keeping.clock();
  }

  /** Resolves after so many milliseconds. */
  async pause(ms: number): Promise<void> {
    const schedule = this.#keeping.schedule ?? lastingSchedule;
    await new Promise<void>((resolve) => void schedule(ms, resolve));
  }

  async #asked(ask: (shared: ReturnType<typeof sharedOf>) => Promise<void>): Promise<void> {
    try {
      await ask(sharedOf(this.#keeping.ledger));
    } catch (cause) {
      throw unavailable('It does not answer.', cause);
    }
  }
}

/** A grant whose scope was closed by hand: it is neither redeemed nor ended until it is open. */
export function closedByHand(id: string): GrantError {
  return new GrantError(
    'closed',
    `The scope grant:${id} was closed by hand: the grant can be neither redeemed nor ended, and ` +
      'its money stays fenced off. Open it again (`hardcap reopen`, `operations.reopenScope`), ' +
      'then collect it. Nothing was moved.',
  );
}

/** A store tells a closed scope as a ceiling of nothing: past that, and within its own. */
function isClosed({ account: { ceiling }, balance: { spent, overdrawn } }: Short): boolean {
  const { usd = Infinity, tokens = Infinity, calls: most = Infinity } = ceiling;
  return overdrawn && spent.usd <= usd && spent.tokens <= tokens && spent.calls <= most;
}

/** Timers that keep the process alive: whoever waits for money to come back waits for it. */
const lastingSchedule: Schedule = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

function callsOnly(count: number): Amounts {
  return { ...AMOUNTS_ZERO, calls: calls(count) ?? AMOUNTS_ZERO.calls };
}

function causeOf(reply: ReserveReply): unknown {
  return reply.kind === 'unavailable' ? reply.cause : reply.kind;
}

function unavailable(what: string, cause?: unknown): OperationError {
  const message =
    `The ledger of this grant: ${what} Nothing was decided; try again when it answers. A grant ` +
    'that was taken before it failed stays taken: its issuer can collect it.';
  return new OperationError('STORE_UNAVAILABLE', message, { cause });
}
