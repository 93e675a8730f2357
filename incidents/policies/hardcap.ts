import { join } from 'node:path';
import {
  BudgetGuard,
  createMemoryLedger,
  wrapAnthropic,
  wrapOpenAI,
  type BudgetGuardConfig,
  type GuardPorts,
} from '../../src/index.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openLedgerNow, type OpenedLedger } from '../../src/open/open-ledger.ts';
import { openSqliteLedger } from '../../src/open/sqlite.ts';
import { createMemoryLeaseStore } from '../../src/stores/memory/lease-store.ts';
import { epochMs, type Clock } from '../../src/units/time.ts';
import { createReplicatedStore } from '../../test/faults/replicated-store.ts';
import type { Play } from '../replay/play.ts';
import { guardBook } from '../replay/prices.ts';
import { countReplayTokens } from '../replay/text.ts';
import type { Policy, Session, Stage } from './policy.ts';

/** hardcap as it comes: what does not fit by its bound is refused. */
export const hardcap: Policy = { name: 'hardcap', open: (stage) => openGuarded(stage, {}) };

/** What an operator gives who wants no needless no. */
export const STRATEGIES = {
  onShort: ['count', 'fit', 'wait'],
  minOutputTokens: 16,
  countEndpoint: true,
  waitMsMax: 10_000,
} as const satisfies Partial<BudgetGuardConfig>;

/** hardcap with the strategies, and with the provider's own tokenizer at hand. */
export const hardcapWithStrategies: Policy = {
  name: 'hardcap+strategies',
  open: (stage) => openGuarded(stage, STRATEGIES),
};

/** The configuration that a play asks for. */
export function configOf(play: Play, strategies: Partial<BudgetGuardConfig>): BudgetGuardConfig {
  const { capScope: scope, capWindow: window, capUsd: usd, wrapUp } = play;
  const known = { serviceTier: 'standard', geo: 'global' } as const;
  return {
    assume: { anthropic: known, openai: known },
    ...play.config,
    ...strategies,
    caps: [{ id: CAP_ID, scope, window, usd, ...(wrapUp === undefined ? {} : { wrapUp }) }],
  };
}

const CAP_ID = 'replay';

/** The scope that every call of a run has. */
export function runScope({ incident }: Play): Readonly<Record<string, string>> {
  return { run: incident.id };
}

/** A guard at work. `through` may put something before its ledger, as a test of the judge does. */
export function openGuarded(
  stage: Stage,
  strategies: Partial<BudgetGuardConfig>,
  through: (ledger: Ledger) => Ledger = (ledger) => ledger,
): Session {
  const { play } = stage;
  const clock: Clock = () => {
    const at = epochMs(stage.now());
    if (at === undefined) throw new RangeError('The clock of the replay has left its range');
    return at;
  };
  const opened = openBooks(stage, clock);
  const ports = {
    ledger: through(opened.ledger),
    clock,
    priceBook: guardBook(play.tariffs),
    ...('onShort' in strategies ? { tokenizer: countReplayTokens } : {}),
  } satisfies GuardPorts;
  const guard = new BudgetGuard(configOf(play, strategies), ports);
  const clients = stage.clients(stage.base);
  wrapAnthropic(clients.anthropic, guard);
  wrapOpenAI(clients.openai, guard);
  return {
    clients,
    within: (scopes, fn) => guard.run(scopes, fn),
    asWrapUp: (fn) => guard.run({}, fn, { wrapUp: true }),
    closeRun: async () => {
      const order = { id: 'close', at: clock(), reason: 'the parent was cancelled', who: 'parent' };
      await opened.shared?.operations.closeScope({ ...order, scope: `run:${play.incident.id}` });
    },
    rollBack: opened.rollBack,
    openHolds: () => [...opened.ledger.openHolds()].length,
    close: () => guard.close(),
  };
}

interface Books {
  readonly ledger: Ledger;
  readonly shared: OpenedLedger | undefined;
  readonly rollBack: () => void;
}

/** How many of its last changes the store forgets: grants of what is in flight among them. */
const LOST_CHANGES = 2;

function openBooks({ play, folder }: Stage, clock: Clock): Books {
  const nothing = () => undefined;
  switch (play.host) {
    case 'memory':
      return { ledger: createMemoryLedger(), shared: undefined, rollBack: nothing };
    case 'restart': {
      const shared = openSqliteLedger({ path: join(folder, 'spend.db'), clock });
      return { ledger: shared, shared, rollBack: nothing };
    }
    case 'closing': {
      const shared = openLedgerNow({ store: createMemoryLeaseStore(), journal: null, clock });
      return { ledger: shared, shared, rollBack: nothing };
    }
    case 'rollback': {
      const store = createReplicatedStore(() => createMemoryLeaseStore());
      const shared = openLedgerNow({ store, journal: null, clock });
      return { ledger: shared, shared, rollBack: () => store.failOver(LOST_CHANGES) };
    }
    default:
      return play.host satisfies never;
  }
}
