import Anthropic from '@anthropic-ai/sdk';
import Anthropic0 from 'anthropic-sdk-0';
import OpenAI from 'openai';
import OpenAI7 from 'openai-7';
import { afterEach, expect } from 'vitest';
import {
  BudgetGuard,
  createMemoryLedger,
  wrapAnthropic,
  wrapOpenAI,
  type BudgetGuardConfig,
  type RefusedEvent,
  type Scopes,
  type SettledEvent,
} from '../../src/index.ts';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/emulator.ts';
import type { MemoryLedger } from '../../src/stores/memory/books/memory-ledger.ts';

/** A guard, an emulated provider and real clients, joined for one test. */
export interface Stage {
  readonly guard: BudgetGuard;
  readonly emulator: Emulator;
  readonly settled: SettledEvent[];
  readonly refused: RefusedEvent[];
  anthropic(options?: ClientOptions): Anthropic;
  anthropic0(options?: ClientOptions): Anthropic0;
  openai(options?: ClientOptions): OpenAI;
  openai7(options?: ClientOptions): OpenAI7;
  openHolds(): number;
  /** What the ledger has booked over the whole stage, in nano-dollars. */
  booked(): number;
  /** What the provider bills, in nano-dollars. */
  billed(): number;
}

export interface ClientOptions {
  readonly maxRetries?: number;
  readonly timeout?: number;
  readonly scopes?: Scopes;
}

export interface StageOptions extends EmulatorOptions {
  /**
   * What the books must be beside the bill at rest: equal to the nano-dollar (the default), at least
   * the bill where an answer broke off or its usage could not be read, or unbound where the
   * provider reports less than it bills.
   */
  readonly books?: Books;
  /** The guard's ledger, where the test needs it too. Default: a memory ledger of its own. */
  readonly ledger?: MemoryLedger;
}

type Books = 'equal' | 'at-least' | 'under-reported';

const stages: { readonly stage: Stage; readonly books: Books }[] = [];

/** Opens a stage. After the test its holds must be closed and its books must equal the bill. */
export async function openStage(
  config: BudgetGuardConfig,
  { books = 'equal', ledger = createMemoryLedger(), ...options }: StageOptions = {},
): Promise<Stage> {
  const emulator = await startEmulator(options);
  const guard = new BudgetGuard(config, { ledger });
  const settled: SettledEvent[] = [];
  const refused: RefusedEvent[] = [];
  guard.on('settled', (event) => settled.push(event));
  guard.on('refused', (event) => refused.push(event));
  const base = { apiKey: 'test', maxRetries: 0 };
  const stage: Stage = {
    guard,
    emulator,
    settled,
    refused,
    anthropic: ({ scopes, ...rest } = {}) =>
      wrapAnthropic(new Anthropic({ ...base, baseURL: emulator.url, ...rest }), guard, scopes),
    anthropic0: ({ scopes, ...rest } = {}) =>
      wrapAnthropic(new Anthropic0({ ...base, baseURL: emulator.url, ...rest }), guard, scopes),
    openai: ({ scopes, ...rest } = {}) =>
      wrapOpenAI(new OpenAI({ ...base, baseURL: emulator.openaiUrl, ...rest }), guard, scopes),
    openai7: ({ scopes, ...rest } = {}) =>
      wrapOpenAI(new OpenAI7({ ...base, baseURL: emulator.openaiUrl, ...rest }), guard, scopes),
    openHolds: () => [...ledger.openHolds()].length,
    booked: () => settled.reduce((sum, event) => sum + event.cost_nano_usd, 0),
    billed: () => Number(emulator.bill().totalNanoUsd),
  };
  stages.push({ stage, books });
  return stage;
}

afterEach(async () => {
  for (const { stage, books } of stages.splice(0)) {
    await stage.emulator.idle();
    await until(() => stage.openHolds() === 0, 2_000);
    const [open, booked, billed] = [stage.openHolds(), stage.booked(), stage.billed()];
    await stage.emulator.close();
    expect(open, 'open holds at rest').toBe(0);
    if (books === 'equal') expect(booked, 'booked = billed').toBe(billed);
    if (books === 'at-least') expect(booked, 'booked >= billed').toBeGreaterThanOrEqual(billed);
  }
});

/** Waits until `condition` holds, at most `timeoutMs`. Says nothing: the caller asserts. */
export async function until(condition: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition() && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What a promise was rejected with; fails when it was not. */
export async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('The call was expected to be refused, and it was not.');
}

/** How many of the calls were answered, and what the others were rejected with. */
export async function outcomes(
  calls: readonly PromiseLike<unknown>[],
): Promise<{ readonly answered: number; readonly errors: readonly unknown[] }> {
  const results = await Promise.allSettled(calls);
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  return { answered: results.length - errors.length, errors };
}

export const CLAUDE = 'claude-sonnet-4-6';
export const GPT = 'gpt-4o';
