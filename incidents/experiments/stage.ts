import {
  BudgetGuard,
  createMemoryLedger,
  wrapAnthropic,
  wrapOpenAI,
  type BudgetGuardConfig,
  type GuardPorts,
  type RefusedEvent,
  type ReservedEvent,
  type SettledEvent,
} from '../../src/index.ts';
import {
  startEmulator,
  type BillEntry,
  type Emulator,
  type EmulatorOptions,
} from '../../src/emulator/emulator.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { Fetch } from '../policies/policy.ts';
import { clientsOf, pacedFetch } from '../replay/provider.ts';
import type { Clients } from '../replay/wire.ts';

/** What stands between the clients and the provider. */
export interface Holding {
  readonly name: string;
  /** The guard's configuration; `undefined`: no guard. */
  readonly config?: BudgetGuardConfig;
  readonly ports?: GuardPorts;
  /** Wraps the way to the network, as one of the baselines does. */
  readonly around?: (base: Fetch) => Fetch;
}

/** A provider, real clients of it, and what holds them back. */
export interface Stage {
  readonly emulator: Emulator;
  readonly clients: Clients;
  /** Throws where there is no guard. */
  readonly guard: BudgetGuard;
  readonly ledger: Ledger;
  readonly reserved: readonly ReservedEvent[];
  readonly settled: readonly SettledEvent[];
  readonly refused: readonly RefusedEvent[];
  /** What the provider bills, in nano-dollars, once nothing is under way. */
  readonly billNano: () => number;
  readonly entries: () => readonly BillEntry[];
  readonly openHolds: () => number;
  /** Runs with these scopes where there is a guard. */
  readonly within: <T>(scopes: Readonly<Record<string, string>>, fn: () => T) => T;
}

/** What every account here is known to be: no tier and no region is left open. */
export const ASSUME = {
  anthropic: { serviceTier: 'standard', geo: 'global' },
  openai: { serviceTier: 'standard', geo: 'global' },
} as const;

/** What an operator gives who wants no needless no. */
export const STRATEGIES = {
  onShort: ['count', 'fit', 'wait'],
  countEndpoint: true,
} as const satisfies Partial<BudgetGuardConfig>;

/** Its name in tables. */
export const STRATEGIES_NAME = "hardcap ['count', 'fit', 'wait']";

const AT_REST_MS_MAX = 2_000;

/** Opens a stage, plays on it, waits until nothing is under way, and closes it. */
export async function onStage<T>(
  holding: Holding,
  options: EmulatorOptions,
  play: (stage: Stage) => Promise<T>,
): Promise<T> {
  const emulator = await startEmulator(options);
  try {
    return await play(stageOf(emulator, holding));
  } finally {
    await emulator.close();
  }
}

/** Waits until the provider is idle and every hold has ended, at most two seconds. */
export async function atRest(stage: Stage): Promise<void> {
  await stage.emulator.idle();
  const deadline = Date.now() + AT_REST_MS_MAX;
  while (stage.openHolds() > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The answer; `undefined`: the call was refused for want of money, by a guard or a baseline. */
export async function unlessRefused<T>(answer: PromiseLike<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const isRefused = error instanceof Error && 'status' in error && error.status === 402;
    if (isRefused) return undefined;
    throw error;
  }
}

function stageOf(emulator: Emulator, { config, ports, around }: Holding): Stage {
  const base = pacedFetch();
  const clients = clientsOf(emulator, around === undefined ? base : around(base));
  const ledger = ports?.ledger ?? createMemoryLedger();
  const reserved: ReservedEvent[] = [];
  const settled: SettledEvent[] = [];
  const refused: RefusedEvent[] = [];
  const guard =
    config === undefined
      ? undefined
      : new BudgetGuard({ assume: ASSUME, ...config }, { ...ports, ledger });
  if (guard !== undefined) {
    wrapAnthropic(clients.anthropic, guard);
    wrapOpenAI(clients.openai, guard);
    guard.on('reserved', (event) => reserved.push(event));
    guard.on('settled', (event) => settled.push(event));
    guard.on('refused', (event) => refused.push(event));
  }
  return {
    emulator,
    clients,
    get guard() {
      if (guard === undefined) throw new Error('There is no guard on this stage');
      return guard;
    },
    ledger,
    reserved,
    settled,
    refused,
    billNano: () => Number(emulator.bill().totalNanoUsd),
    entries: () => emulator.bill().entries,
    openHolds: () => [...ledger.openHolds()].length,
    within: (scopes, fn) => (guard === undefined ? fn() : guard.run(scopes, fn)),
  };
}
