import { DEFAULT_ROUTES } from '../../guard/call.ts';
import type { Usage } from '../../meter/usage.ts';
import { tokens, type Tokens } from '../../units/count.ts';
import { usageError } from '../usage-error.ts';
import { SESSION, valueOf } from './call-scopes.ts';
import { draw } from './distribution.ts';
import { costOf, providerOf, type Pricing } from './priced.ts';
import { Weights, zipfWeights, type Random } from './random.ts';
import { BYTES_PER_TOKEN, type RecordedCall, type Recording } from './recording.ts';
import type { Choice, Scenario, ScriptCall, TrafficRow } from './scenario.ts';
import type { PlannedCall, Source, Traffic, Unit } from './traffic.ts';

/**
 * How long a call is taken to be in flight where nobody says: so much, and so much more for each
 * token of its answer. It matters only for what is held at the same time.
 */
export const ASSUMED_DURATION = { baseMs: 500, perOutputTokenMs: 15 } as const;

/**
 * A recording as a day's traffic: as it was recorded, once a day.
 *
 * Scaled, its units come at random: a session's calls together, other calls each by itself. Throws
 * `COMMAND_INVALID` for a call without a price.
 */
export function recordedTraffic(recording: Recording, pricing: Pricing): Traffic {
  const calls = recording.calls.map((call) => plannedCall(call, pricing)).toSorted(byWhatTheyAre);
  const source: Source = {
    unitsPerDay: 1,
    callsPerUnit: calls.length,
    isExact: true,
    hours: undefined,
    units: [calls],
    draw: () => calls,
  };
  return { sources: [source], customers: undefined };
}

/** The same recording with its calls and sessions drawn at random, as many of them as it has. */
export function resampledTraffic(recording: Recording, pricing: Pricing): Traffic {
  const [whole] = recordedTraffic(recording, pricing).sources;
  const units = sessionsOf(whole?.units?.[0] ?? []);
  const source: Source = {
    unitsPerDay: units.length,
    callsPerUnit: recording.calls.length / units.length,
    isExact: false,
    hours: undefined,
    units,
    draw: (random) => units[random.below(units.length)] ?? [],
  };
  return { sources: [source], customers: undefined };
}

/** Calls of one session together, from its first; a call without one by itself. */
function sessionsOf(calls: Unit): readonly Unit[] {
  const sessions = new Map<string, PlannedCall[]>();
  const units: Unit[] = [];
  for (const call of calls) {
    if (!Object.hasOwn(call.scopes, SESSION)) {
      units.push([{ ...call, offsetMs: 0 }]);
      continue;
    }
    const session = valueOf(call.scopes, SESSION);
    const own = sessions.get(session);
    if (own === undefined) {
      const first = [call];
      sessions.set(session, first);
      units.push(first);
    } else own.push(call);
  }
  return units.map((unit) => {
    const start = Math.min(...unit.map(({ offsetMs }) => offsetMs));
    return unit.map((call) => ({ ...call, offsetMs: call.offsetMs - start }));
  });
}

/** A recorded call with its price and how long it is taken to last. Throws `COMMAND_INVALID`. */
export function plannedCall(call: RecordedCall, pricing: Pricing): PlannedCall {
  const { atMs: offsetMs, ...rest } = call;
  return { ...rest, cost: costOf(call, pricing), offsetMs, durationMs: assumedMs(call.usage) };
}

/** In an order that does not depend on which of two calls at once was answered first. */
function byWhatTheyAre(left: PlannedCall, right: PlannedCall): number {
  const [one, other] = [identityOf(left), identityOf(right)];
  return one < other ? -1 : Number(one > other);
}

function identityOf({ provider, route, model, scopes, bodyBytes, usage, outputMax }: PlannedCall) {
  const own = Object.entries(scopes).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([provider, route, model, own, bodyBytes, outputMax ?? null, usage]);
}

/** A scenario as a day's traffic. Throws `COMMAND_INVALID` for a model without a price. */
export function scenarioTraffic({ traffic, calls }: Scenario, pricing: Pricing): Traffic {
  const rows = traffic.map((row) => rowSource(row, pricing));
  const script = calls.map((call) => scriptedCall(call, pricing));
  const once: Source = {
    unitsPerDay: 1,
    callsPerUnit: script.length,
    isExact: true,
    hours: undefined,
    units: [script],
    draw: () => script,
  };
  return { sources: script.length === 0 ? rows : [...rows, once], customers: undefined };
}

function scriptedCall(call: ScriptCall, pricing: Pricing): PlannedCall {
  const { model, scopes, outputMax, atMs: offsetMs } = call;
  const provider = providerOf(model, pricing);
  if (provider === 'anthropic' && outputMax === undefined) throw noCeiling(model);
  const usage = usageOf({ ...call, output: clipped(call.outputTokens, outputMax) });
  return {
    provider,
    route: call.route ?? DEFAULT_ROUTES[provider] ?? '',
    model,
    scopes,
    bodyBytes: call.inputTokens * BYTES_PER_TOKEN,
    outputMax,
    usage,
    cost: costOf({ provider, model, usage }, pricing),
    offsetMs,
    durationMs: assumedMs(usage),
  };
}

/** Anthropic takes no request without a ceiling, and a bound cannot do without one either. */
export function noCeiling(model: string): Error {
  return usageError(
    `A call to ${model} has no max_output_tokens, and Anthropic takes none without`,
    'Say "max_output_tokens": 1024, or what the application asks for',
  );
}

function rowSource(row: TrafficRow, pricing: Pricing): Source {
  const model = chooser(row.model, 'model');
  for (const each of valuesOf(row.model)) {
    const provider = providerOf(each, pricing);
    if (provider === 'anthropic' && row.outputMax === undefined) throw noCeiling(each);
  }
  const dimensions = Object.entries(row.scopes).map(
    ([dimension, choice]) => [dimension, chooser(choice, dimension)] as const,
  );
  const perDay = row.callsPerHour.reduce((sum, count) => sum + count, 0);
  return {
    unitsPerDay: perDay,
    callsPerUnit: 1,
    isExact: false,
    hours: perDay === 0 ? undefined : new Weights(row.callsPerHour),
    units: undefined,
    draw: (random) => {
      const scopes = dimensions.map(
        ([dimension, choose]) => [dimension, [choose(random)]] as const,
      );
      const call = scriptedCall(
        {
          model: model(random),
          route: row.route,
          scopes: Object.fromEntries(scopes),
          atMs: 0,
          inputTokens: draw(row.inputTokens, random),
          cachedTokens: row.cachedTokens === undefined ? 0 : draw(row.cachedTokens, random),
          outputTokens: draw(row.outputTokens, random),
          outputMax: row.outputMax,
        },
        pricing,
      );
      const { durationMs } = row;
      return [durationMs === undefined ? call : { ...call, durationMs: draw(durationMs, random) }];
    },
  };
}

function chooser(choice: Choice, dimension: string): (random: Random) => string {
  switch (choice.kind) {
    case 'one':
      return () => choice.value;
    case 'weighted': {
      const values = valuesOf(choice);
      const weights = new Weights(values.map((value) => choice.weights[value] ?? 0));
      return (random) => values[weights.pick(random)] ?? '';
    }
    case 'many': {
      const weights = new Weights(zipfWeights(choice.count, choice.skew));
      return (random) => `${dimension}-${weights.pick(random) + 1}`;
    }
  }
}

function valuesOf(choice: Choice): readonly string[] {
  if (choice.kind === 'one') return [choice.value];
  return choice.kind === 'weighted' ? Object.keys(choice.weights) : [];
}

function usageOf({
  inputTokens,
  cachedTokens,
  output,
}: {
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly output: number;
}): Usage {
  const read = Math.min(cachedTokens, inputTokens);
  const counts: readonly (readonly [string, Tokens | undefined])[] = [
    ['input', tokens(inputTokens - read)],
    ['cacheRead', tokens(read)],
    ['output', tokens(output)],
  ];
  const used = Object.fromEntries(counts.filter(([, count]) => count !== undefined && count > 0));
  const line = { fees: {}, serviceTier: undefined, isFast: false, geo: undefined };
  return { lines: [{ ...line, model: undefined, tokens: used }] };
}

function clipped(output: number, ceiling: number | undefined): number {
  return ceiling === undefined ? output : Math.min(output, ceiling);
}

function assumedMs({ lines }: Usage): number {
  const output = lines.reduce((sum, line) => sum + (line.tokens.output ?? 0), 0);
  return ASSUMED_DURATION.baseMs + ASSUMED_DURATION.perOutputTokenMs * output;
}
