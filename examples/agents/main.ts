/**
 * A run with sub-agents on one budget: one of them runs away. It is stopped alone; its siblings finish, and
 * the whole run stays within its sum. Needs no key and no server: `npx tsx examples/agents/main.ts`.
 */
import Anthropic from '@anthropic-ai/sdk';
import { BudgetCapError, BudgetGuard, wrapAnthropic, type Budget } from '../../src/index.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';

const RUN_USD = 1;
const AGENT_USD = 0.3;
/** Pages that an honest agent reads; a runaway never comes to the end of them. */
const PAGES = 8;
const AGENTS = ['reader', 'critic', 'runaway', 'writer'];

const emulator = await startEmulator({ reply: { outputTokens: 900 }, latencyMs: 20 });
const guard = new BudgetGuard({ global_cap_per_day_usd: 50 });
const client = new Anthropic({ baseURL: emulator.url, apiKey: 'no-key-needed', maxRetries: 0 });
const anthropic = wrapAnthropic(client, guard);

let run = guard.budget({ usd: RUN_USD }, 'run');
const team: { readonly name: string; readonly budget: Budget }[] = [];
for (const name of AGENTS) {
  const [budget, rest] = run.delegate({ usd: AGENT_USD }, name);
  team.push({ name, budget });
  run = rest;
}

const outcomes = await Promise.all(team.map(({ name, budget }) => report(name, budget)));
await emulator.idle();
for (const line of outcomes) console.log(line);
const billedNanoUsd = emulator.bill().totalNanoUsd;
await emulator.close();
const { usd: spentUsd = 0 } = run.spent;
run.close();
console.log(
  `\nThe run: ${dollars(spentUsd)} of ${dollars(RUN_USD)} spent; the provider bills ` +
    `$${(Number(billedNanoUsd) / 1e9).toFixed(6)}.`,
);
const isWithin = billedNanoUsd <= BigInt(RUN_USD * 1e9);
const isEqual = BigInt(Math.round(spentUsd * 1e9)) === billedNanoUsd;
if (!isWithin || !isEqual) {
  console.error('The run is over its sum, or the books are not the bill.');
  process.exitCode = 1;
}

/** Reads pages until it is done, or its budget is. */
async function read(name: string): Promise<string> {
  const last = name === 'runaway' ? Number.MAX_SAFE_INTEGER : PAGES;
  for (let page = 1; page <= last; page += 1) {
    const content = `You are the ${name}. Page ${page}: what does it say?`;
    await anthropic.messages.create({
      model: 'claude-sonnet-4-6',
      max_tokens: 1_000,
      messages: [{ role: 'user', content }],
    });
  }
  return `finished ${last} pages`;
}

/** Takes the agent's budget over, and gives back at the end what is left of it. */
async function report(name: string, budget: Budget): Promise<string> {
  using own = budget;
  const how = await guard
    .run({ budget: own }, () => read(name))
    .catch((error: unknown) => {
      if (!(error instanceof BudgetCapError)) throw error;
      return `stopped by ${error.scope}`;
    });
  return `${name.padEnd(8)} ${dollars(own.spent.usd).padStart(10)}  ${how}`;
}

function dollars(usd = 0): string {
  return `$${usd.toFixed(6)}`;
}
