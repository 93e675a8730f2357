import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PRICES, startEmulator } from '../../emulator/emulator.ts';
import type { PriceCard } from '../../pricing/price-card.ts';
import type { DurationMs } from '../../units/time.ts';
import type { World } from '../command.ts';
import { repliesOf, type Answers } from './answers.ts';
import { childEnvironment, type DryRunPlace } from './child-environment.ts';
import { emulatorPrices } from './emulator-prices.ts';
import { openGate } from './gate.ts';
import type { Pricing } from './priced.ts';
import { recordedCalls, scopesReader, unpricedModels, type Attribution } from './record-calls.ts';
import type { RecordedCall } from './recording.ts';
import { runCommand } from './run-command.ts';

/** What a dry run is made with. */
export interface DryRunTerms {
  /** The program and its arguments; no shell reads them. */
  readonly command: readonly string[];
  readonly answers: Answers;
  readonly attributions: readonly Attribution[];
  readonly seed: number;
  readonly pricing: Pricing;
  /** The user's own price cards. */
  readonly ownCards: readonly PriceCard[];
  /** See `DryRunPlace.register`. */
  readonly register: DryRunPlace['register'];
  /** Ends a command that does not end by itself; `undefined`: it is waited for. */
  readonly endAfterMs: DurationMs | undefined;
}

/** What a command did while its providers were emulated. */
export interface DryRun {
  readonly calls: readonly RecordedCall[];
  /** The emulator's own bill for them, in nano-dollars. */
  readonly billedNanoUsd: number;
  readonly billedByModel: Readonly<Record<string, number>>;
  /** `null`: a signal ended it, and not because it was asked for. */
  readonly exitCode: number | null;
  /** Hosts of providers that it tried to connect to, and was stopped. */
  readonly stoppedHosts: readonly string[];
  /** Models that it asked for and that have no price: those calls were answered 404. */
  readonly unpricedModels: readonly string[];
}

/**
 * Runs a command with every provider emulated on loopback, and takes down what it called.
 *
 * Its keys are removed and connections to providers are stopped, so that nothing is billed. What it
 * prints goes to standard error. Throws `COMMAND_INVALID` for a program that cannot be started.
 */
export async function dryRun(terms: DryRunTerms, world: World): Promise<DryRun> {
  const { answers, attributions, seed, pricing, ownCards } = terms;
  const scopesOf = scopesReader(attributions);
  const folder = mkdtempSync(join(tmpdir(), 'hardcap-simulate-'));
  const stoppedFile = join(folder, 'stopped');
  const prices = emulatorPrices(pricing, ownCards);
  const emulator = await startEmulator({ reply: repliesOf(answers, { seed, scopesOf }), prices });
  const gate = await openGate();
  try {
    const { register } = terms;
    const place = { origin: emulator.url, stoppedFile, proxy: gate.url, register };
    const env = childEnvironment(world.env, place);
    const { command, endAfterMs } = terms;
    const exitCode = await runCommand({ command, env, endAfterMs }, world);
    await emulator.idle();
    const { totalNanoUsd, byModel } = emulator.bill();
    const models = Object.entries(byModel).map(([model, nano]) => [model, Number(nano)] as const);
    return {
      calls: recordedCalls(emulator, scopesOf),
      billedNanoUsd: Number(totalNanoUsd),
      billedByModel: Object.fromEntries(models),
      exitCode,
      stoppedHosts: unique([...gate.stopped, ...notedIn(stoppedFile)]),
      unpricedModels: unpricedModels(emulator.requests, { ...DEFAULT_PRICES, ...prices }),
    };
  } finally {
    await gate.close();
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function notedIn(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((host) => host !== '');
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)].toSorted();
}
