import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import {
  BudgetCapError,
  BudgetGuard,
  createMemoryLedger,
  wrapAnthropic,
  wrapOpenAI,
} from '../../src/index.ts';
import { LiveDisplay } from './display.ts';
import { Tally } from './tally.ts';

const CAP_USD = 0.05;
const CALLS_MAX = 40;
const QUESTION = 'Name three rivers of Europe, in one line.';

type Ask = () => Promise<unknown>;

/** A few real calls, until the cap of $0.05 says no. Spends at most that. */
export async function runLive(): Promise<void> {
  const ledger = createMemoryLedger();
  const guard = new BudgetGuard({ global_cap_per_day_usd: CAP_USD }, { ledger });
  const asks = realClients(guard);
  if (asks.length === 0) {
    console.error('--live needs ANTHROPIC_API_KEY or OPENAI_API_KEY in the environment.');
    process.exitCode = 1;
    return;
  }
  const openHolds = () => [...ledger.openHolds()].length;
  const tally = new Tally(guard, { customers: [], openHolds });
  const display = new LiveDisplay(() => tally.snapshot());
  console.log(`Real calls under a cap of $${CAP_USD.toFixed(2)}.\n`);
  display.start();
  const refusal = await tally.track(askUntilRefused(asks));
  display.stop();
  const { sent, refused, bookedNanoUsd } = tally.totals();
  console.log(
    `\n  calls made ${sent}, refused ${refused}, ledger says $${(bookedNanoUsd / 1e9).toFixed(6)}`,
  );
  console.log(
    `  compare it with the provider's usage page\n  ${refusal?.message ?? 'the cap was not reached'}`,
  );
}

async function askUntilRefused(asks: readonly Ask[]): Promise<BudgetCapError | undefined> {
  for (let call = 0; call < CALLS_MAX; call += 1) {
    try {
      await asks[call % asks.length]?.();
    } catch (error) {
      if (error instanceof BudgetCapError) return error;
      throw error;
    }
  }
  return undefined;
}

function realClients(guard: BudgetGuard): readonly Ask[] {
  const asks: Ask[] = [];
  const messages = [{ role: 'user' as const, content: QUESTION }];
  if (process.env['ANTHROPIC_API_KEY'] !== undefined) {
    const anthropic = wrapAnthropic(new Anthropic(), guard);
    asks.push(() =>
      anthropic.messages.create({ model: 'claude-haiku-4-5', max_tokens: 400, messages }),
    );
  }
  if (process.env['OPENAI_API_KEY'] !== undefined) {
    const openai = wrapOpenAI(new OpenAI(), guard);
    asks.push(() =>
      openai.chat.completions.create({
        model: 'gpt-4o-mini',
        max_completion_tokens: 400,
        messages,
      }),
    );
  }
  return asks;
}
