/**
 * The main job: runaway agents of many customers against two real SDKs, under the seed caps. It ends by
 * itself; what the provider billed stands beside what the ledger says.
 *
 * `npm start` needs no key and no server. `npm start -- --live` makes a few real calls instead, under a
 * cap of $0.05, with `ANTHROPIC_API_KEY` or `OPENAI_API_KEY` from the environment.
 */
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { BudgetGuard, createMemoryLedger, wrapAnthropic, wrapOpenAI } from '../../src/index.ts';
import { startEmulator, type EmulatedRequest, type Reply } from '../../src/emulator/emulator.ts';
import { runAway, type AgentReport } from './agents.ts';
import { LiveDisplay } from './display.ts';
import { runLive } from './live.ts';
import { Tally } from './tally.ts';

const CUSTOMERS = 30;
const CLAUDE = 'claude-sonnet-4-6';
const GPT = 'gpt-4o';
const MAX_TOKENS = 8_000;
const LATENCY_MS = 120;
/** After this long the agents start nothing new, so that the job always ends. */
const RUN_MS_MAX = 12_000;

await (process.argv.includes('--live') ? runLive() : runEmulated());

async function runEmulated(): Promise<void> {
  const emulator = await startEmulator({ reply: answerOf, latencyMs: LATENCY_MS });
  const ledger = createMemoryLedger();
  const guard = new BudgetGuard(
    { global_cap_per_day_usd: 50, per_customer_cap_per_day_usd: 2 },
    { ledger },
  );
  const base = { apiKey: 'no-key-needed', maxRetries: 1 };
  const tools = {
    guard,
    anthropic: wrapAnthropic(new Anthropic({ ...base, baseURL: emulator.url }), guard),
    openai: wrapOpenAI(new OpenAI({ ...base, baseURL: emulator.openaiUrl }), guard),
    claude: CLAUDE,
    gpt: GPT,
    maxTokens: MAX_TOKENS,
    deadlineMs: Date.now() + RUN_MS_MAX,
  };
  const customers = Array.from({ length: CUSTOMERS }, (_, index) => `customer-${pad(index + 1)}`);
  const tally = new Tally(guard, { customers, openHolds: () => [...ledger.openHolds()].length });
  console.log(
    `${CUSTOMERS} customers, each with a runaway agent and its sub-agents. Caps: $50.00 a day in all, ` +
      '$2.00 a day per customer.\n',
  );
  const display = new LiveDisplay(() => tally.snapshot());
  display.start();
  const reports = await Promise.all(
    customers.map((customer) => tally.track(runAway(tools, customer))),
  );
  await emulator.idle();
  display.stop();
  const bill = emulator.bill();
  const seen = emulator.requestCount;
  await emulator.close();
  conclude(reports, { tally, billedNanoUsd: bill.totalNanoUsd, seen });
}

/** Long answers: about $0.05 to $0.12 a call, and a search whenever there is a tool for it. */
function answerOf(request: EmulatedRequest, index: number): Reply {
  const outputTokens = 3_500 + ((index * 977) % 4_400);
  const hasTools = Array.isArray(request.body?.['tools']);
  return hasTools
    ? { toolCalls: [{ name: 'search', input: { query: `offer ${index}` } }], outputTokens }
    : { outputTokens };
}

interface Conclusion {
  readonly tally: Tally;
  readonly billedNanoUsd: bigint;
  readonly seen: number;
}

/** Prints the bill beside the books, and fails when they do not agree. */
function conclude(
  reports: readonly AgentReport[],
  { tally, billedNanoUsd, seen }: Conclusion,
): void {
  const { bookedNanoUsd, sent, refused, openHolds } = tally.totals();
  const refusals = reports.flatMap((report) => report.refusals);
  const byGlobal = refusals.filter(({ scope }) => scope === 'global').length;
  const isEqual = billedNanoUsd === BigInt(bookedNanoUsd);
  const lines = [
    '',
    `  provider's own bill          ${usd(billedNanoUsd)}`,
    `  ledger says                  ${usd(BigInt(bookedNanoUsd))}   ${isEqual ? 'equal to the nano-dollar' : 'NOT EQUAL'}`,
    `  over the global cap          ${usd(max0(billedNanoUsd - 50_000_000_000n))}`,
    `  requests the provider saw    ${seen}   (sent by the guard: ${sent})`,
    `  requests that never left     ${refused}   (${refusals.length - byGlobal} by a customer's cap, ${byGlobal} by the global cap)`,
    `  answers the agents got       ${reports.reduce((sum, { answers }) => sum + answers, 0)}`,
    `  open holds                   ${openHolds}`,
  ];
  const last = refusals.at(-1);
  if (last !== undefined) lines.push('', `  the last refusal said: ${last.message}`);
  console.log(lines.join('\n'));
  if (!isEqual || openHolds > 0 || seen !== sent) process.exitCode = 1;
}

function max0(amount: bigint): bigint {
  return amount > 0n ? amount : 0n;
}

function usd(nano: bigint): string {
  const text = nano.toString().padStart(10, '0');
  return `$${text.slice(0, -9)}.${text.slice(-9)}`;
}

function pad(index: number): string {
  return String(index).padStart(2, '0');
}
