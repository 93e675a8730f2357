import {
  BudgetCapError,
  BudgetGuard,
  createMemoryLedger,
  wrapAnthropic,
  wrapOpenAI,
} from '../../src/index.ts';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { invariant } from '../../src/errors/error.ts';
import { watchPrices } from '../../src/reconcile/reconcile.ts';
import { epochMs } from '../../src/units/time.ts';
import { ASSUME } from '../experiments/stage.ts';
import { clientsOf, pacedFetch } from '../replay/provider.ts';
import type { Clients } from '../replay/wire.ts';
import { BUDGET_MIN, CALL_EVERY_S, CHANGE_AT_MIN, END_MIN, type BillingCase } from './case.ts';

const STARTS_AT = Date.parse('2026-11-22T09:00:00Z');
/** What the ceiling on the wire leaves above the true length of an answer. */
const CEILING_FACTOR = 2;

/** What stands between the load and the provider. */
export type Holding =
  | { readonly kind: 'nothing' }
  /** The guard with a cap in dollars, priced by its card. */
  | { readonly kind: 'card' }
  /** The same, where answers state their cost and the guard books it. */
  | { readonly kind: 'stated' };

/** The bill at one instant. */
export interface Point {
  readonly minute: number;
  readonly billedNano: number;
}

/** One run of a case. */
export interface Run {
  /** After each call that was answered, in time's order. */
  readonly points: readonly Point[];
  readonly billedNano: number;
  /** When the guard first refused. */
  readonly refusedAt: number | undefined;
  /** When the guard first said that prices had changed. */
  readonly namedAt: number | undefined;
}

/** Plays a case in simulated time: one call after the other through the real SDK. */
export async function play(one: BillingCase, holding: Holding, capNano: number): Promise<Run> {
  let minute = 0;
  const now = () => STARTS_AT + Math.round(minute * 60_000);
  const emulator = await startEmulator({
    reply: { outputTokens: one.load.outputTokens },
    now,
    ...(holding.kind === 'stated' ? { costField: costFieldOf(one) } : {}),
    repricing: ({ body }) => {
      const prompt = JSON.stringify(body);
      return minute < CHANGE_AT_MIN ? one.before(prompt) : one.after(prompt);
    },
  });
  try {
    const clients = clientsOf(emulator, pacedFetch());
    const watched = guardOver(clients, { holding, capNano, now });
    const points: Point[] = [];
    let refusedAt: number | undefined;
    let namedAt: number | undefined;
    const calls = (END_MIN * 60) / CALL_EVERY_S;
    for (let call = 0; call < calls && refusedAt === undefined; call += 1) {
      minute = (call * CALL_EVERY_S) / 60;
      const isAnswered = await answered(() => send(clients, one, minute));
      if (!isAnswered) refusedAt = minute;
      if (namedAt === undefined && watched.isNamed()) namedAt = minute;
      points.push({ minute, billedNano: billOf(emulator) });
    }
    await emulator.idle();
    invariant(watched.openHolds() === 0, 'no hold is open when a run is over');
    return { points, billedNano: billOf(emulator), refusedAt, namedAt };
  } finally {
    await emulator.close();
  }
}

/** The budget: what `BUDGET_MIN` minutes of the load cost by the provider's own list. */
export async function budgetOf(one: BillingCase): Promise<number> {
  const emulator = await startEmulator({ reply: { outputTokens: one.load.outputTokens } });
  try {
    await send(clientsOf(emulator, pacedFetch()), one, 0);
    await emulator.idle();
    return billOf(emulator) * ((BUDGET_MIN * 60) / CALL_EVERY_S);
  } finally {
    await emulator.close();
  }
}

/** What was billed when somebody stopped the load who sees the bill `lateMin` minutes late. */
export function alerted(run: Run, capNano: number, lateMin: number): Point {
  const seen = run.points.find(({ billedNano }) => billedNano >= capNano);
  const last = run.points.at(-1);
  invariant(last !== undefined, 'a run has a call');
  if (seen === undefined) return last;
  const stopsAt = seen.minute + lateMin;
  return run.points.findLast(({ minute }) => minute <= stopsAt) ?? last;
}

interface Watched {
  readonly isNamed: () => boolean;
  readonly openHolds: () => number;
}

function guardOver(
  clients: Clients,
  given: {
    readonly holding: Holding;
    readonly capNano: number;
    readonly now: () => number;
  },
): Watched {
  if (given.holding.kind === 'nothing') return { isNamed: () => false, openHolds: () => 0 };
  const ledger = createMemoryLedger();
  const clock = () => {
    const at = epochMs(given.now());
    invariant(at !== undefined, 'simulated time stays within dates');
    return at;
  };
  const config = { assume: ASSUME, global_cap_usd: given.capNano / 1e9 };
  const guard = new BudgetGuard(config, { ledger, clock });
  wrapAnthropic(clients.anthropic, guard);
  wrapOpenAI(clients.openai, guard);
  let isNamed = false;
  guard.on('drift', ({ kind }) => {
    if (kind === 'price-changed') isNamed = true;
  });
  watchPrices(guard, given.holding.kind === 'stated' ? { trustCost: ledger } : {});
  return { isNamed: () => isNamed, openHolds: () => [...ledger.openHolds()].length };
}

async function send(clients: Clients, { load }: BillingCase, minute: number): Promise<void> {
  const messages = [{ role: 'user' as const, content: load.prompt(minute) }];
  const ceiling = load.outputTokens * CEILING_FACTOR;
  if (load.provider === 'anthropic') {
    await clients.anthropic.messages.create({ model: load.model, max_tokens: ceiling, messages });
    return;
  }
  await clients.openai.chat.completions.create({
    model: load.model,
    max_completion_tokens: ceiling,
    messages,
  });
}

async function answered(send: () => Promise<void>): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (error) {
    if (error instanceof BudgetCapError) return false;
    throw error;
  }
}

function billOf(emulator: Emulator): number {
  return Number(emulator.bill().totalNanoUsd);
}

function costFieldOf({ load }: BillingCase) {
  return load.provider === 'anthropic' ? 'x-litellm-response-cost' : 'usage.cost';
}
