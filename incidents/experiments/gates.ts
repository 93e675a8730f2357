import type { Fetch } from '../policies/policy.ts';
import type { Holding } from './stage.ts';

/** Money by the caller's own reckoning, in nano-dollars. */
interface Rates {
  readonly input: number;
  readonly output: number;
}

/** List prices that the baselines reckon with, in nano-dollars a token. */
export const RATES: Readonly<Record<string, Rates>> = {
  'claude-haiku-4-5': { input: 1_000, output: 5_000 },
  'claude-sonnet-4-6': { input: 3_000, output: 15_000 },
  'claude-opus-4-6': { input: 5_000, output: 25_000 },
  'gpt-4o': { input: 2_500, output: 10_000 },
  'gpt-4o-mini': { input: 150, output: 600 },
  'gpt-4.1': { input: 2_000, output: 8_000 },
  'gpt-5-mini': { input: 250, output: 2_000 },
};

/** What a baseline is set up with. */
export interface GateTerms {
  readonly capNano: number;
  /** What it expects a request to cost; default: one token a byte of the body and the ceiling. */
  readonly expectedNano?: (body: string) => number;
  /** Which account a request draws on; default: one for all. */
  readonly accountOf?: (headers: Headers) => string;
}

/** Nothing stands in the way. */
export const NONE: Holding = { name: 'no guard' };

/** Spent plus expected is compared with the cap; the call is awaited; what it cost is recorded. */
export function checkThenRecord(terms: GateTerms): Holding {
  return gate('check, call, record', terms, false);
}

/** Spent plus held plus expected is compared with the cap and held, in one step. */
export function mutexFullCeiling(terms: GateTerms): Holding {
  return gate('mutex, full ceiling', terms, true);
}

/** Equal shares of the cap, one for each account, each held from in one step. */
export function fixedSplit(terms: GateTerms & { readonly shares: number }): Holding {
  return gate('fixed split', { ...terms, capNano: terms.capNano / terms.shares }, true);
}

function gate(name: string, terms: GateTerms, isHeld: boolean): Holding {
  const { capNano, expectedNano = fullCeilingNano, accountOf = () => '' } = terms;
  return {
    name,
    around(base): Fetch {
      const counters = new Map<string, { spent: number; held: number }>();
      return async (input, init) => {
        const body = typeof init?.body === 'string' ? init.body : '';
        const account = accountOf(new Headers(init?.headers));
        const counter = counters.get(account) ?? { spent: 0, held: 0 };
        counters.set(account, counter);
        const expected = expectedNano(body);
        if (counter.spent + counter.held + expected > capNano) return refusal();
        const held = isHeld ? expected : 0;
        counter.held += held;
        const response = await base(input, init);
        const text = await response.text();
        counter.held -= held;
        if (response.ok) counter.spent += costNano(body, text) ?? held;
        return new Response(text, { status: response.status, headers: plain(response.headers) });
      };
    },
  };
}

/** One token a byte and the whole output ceiling. */
export function fullCeilingNano(body: string): number {
  const { input, output } = ratesIn(body);
  const ceiling = /"max_(?:completion_|output_)?tokens":(\d+)/.exec(body)?.[1] ?? '0';
  return Buffer.byteLength(body) * input + Number(ceiling) * output;
}

/** By the last figures that the answer, or its stream, reports. */
function costNano(body: string, answer: string): number | undefined {
  const { input, output } = ratesIn(body);
  const read = lastOf(answer, /"(?:input|prompt)_tokens":(\d+)/g);
  const written = lastOf(answer, /"(?:output|completion)_tokens":(\d+)/g);
  return read === undefined || written === undefined ? undefined : read * input + written * output;
}

function lastOf(text: string, pattern: RegExp): number | undefined {
  const found = [...text.matchAll(pattern)].at(-1)?.[1];
  return found === undefined ? undefined : Number(found);
}

function ratesIn(body: string): Rates {
  const model = /"model":"([^"]+)"/.exec(body)?.[1] ?? '';
  const rates = RATES[model];
  if (rates === undefined) throw new Error(`The baselines have no price for ${model}`);
  return rates;
}

function plain(headers: Headers): Headers {
  const kept = new Headers(headers);
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) kept.delete(name);
  return kept;
}

function refusal(): Response {
  const error = { type: 'budget', message: 'the budget of this run is used up' };
  const headers = { 'content-type': 'application/json', 'x-should-retry': 'false' };
  return new Response(JSON.stringify({ error }), { status: 402, headers });
}
