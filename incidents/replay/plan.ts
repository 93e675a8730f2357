import type { Fault, ProviderName } from '../../src/emulator/emulator.ts';
import type { CallRow, Incident } from '../catalogue/incident.ts';
import { FAULT_RULES } from './faults/rules.ts';
import type { Endpoint, PlannedCall, Play, Tracker } from './play.ts';
import type { Tariff } from './prices.ts';
import type { CallPlace, Variant } from './variant.ts';

/** What cannot be played, and why. */
export interface NotRun {
  readonly id: string;
  readonly reason: string;
}

/** Every way of playing the scenario, or why there is none. */
export function playsOf(incident: Incident): readonly Play[] | NotRun {
  const { kind } = incident.scenario.fault;
  const rule = FAULT_RULES[kind];
  if (rule === undefined) {
    return { id: incident.id, reason: `no rule says how the fault ${kind} is played` };
  }
  return rule(incident).map((variant) => playOf(incident, variant));
}

const OUTPUT_MAX = 16_384;
/** What frameworks send where the API requires a ceiling and the user names none. */
const CEILING_USUAL = 4_096;
const BASE64_CHARS_PER_TOKEN = 3;
const STARTS_AT = Date.UTC(2026, 9, 1, 12);

const IN_FLIGHT: Fault = { kind: 'stall-headers', delayMs: 60_000 };

function playOf(incident: Incident, variant: Variant): Play {
  const { actors, calls, fault, oracle } = incident.scenario;
  const tariffs = new Map<string, Tariff>();
  const rows = calls.map((row, rowIndex) => ({
    actor: row.actor,
    mode: row.mode,
    calls: Array.from({ length: row.n }, (_, repetition) => {
      const place = { row, rowIndex, repetition };
      const call = draft(incident, variant, place);
      const planned = variant.call?.(call, place) ?? call;
      for (const tariff of tariffsOf(variant, planned)) tariffs.set(tariff.model, tariff);
      return planned;
    }),
  }));
  return {
    incident,
    variant: variant.name,
    note: variant.note ?? '',
    outside: variant.outside,
    capUsd: actors[0]?.cap_usd ?? 0,
    capScope: 'run',
    capWindow: 'lifetime',
    wrapUp: undefined,
    config: {},
    tariffs: [...tariffs.values()],
    actors: actors.map(({ id, parent, n = 1 }) => ({ id, parent, n })),
    rows,
    host: 'memory',
    hostEventAfter: 0,
    ignoresRefusals: false,
    isRetryStorm: fault.kind === 'retry_storm',
    attemptsMax: undefined,
    mustRun: oracle.kind === 'must_not_refuse' || oracle.kind === 'must_not_refuse_per_window',
    startsAt: STARTS_AT,
    billOnDisconnect: 'full',
    storedTokens: 0,
    excuses: variant.excuses ?? [],
    ...variant.play,
  };
}

function draft(incident: Incident, variant: Variant, { row, repetition }: CallPlace) {
  const endpoint = endpointOf(incident, variant, row, repetition);
  const isInclusive = incident.scenario.fault['input_includes_cache'] === true;
  const { cache_read: cacheRead = 0, cache_write: cacheWrite = 0 } = row;
  const grownTokens = (row.in_growth ?? 0) * repetition;
  const own = row.in + grownTokens;
  const promptTokens = isInclusive ? own : own + cacheRead + cacheWrite;
  const isImage = row.sent_as === 'image_part';
  const base64Chars = isImage ? 0 : (row.image_base64_chars ?? 0);
  const image = isImage
    ? { tokens: row.image_vision_tokens ?? 0, chars: row.image_base64_chars ?? 0 }
    : undefined;
  const added =
    Math.ceil(base64Chars / BASE64_CHARS_PER_TOKEN) +
    (image?.tokens ?? 0) +
    (row.server_side_input ?? 0);
  const outputMax = ceilingOf(row, endpoint);
  const wanted = row.out + (row.hidden_output ?? 0);
  const output = Math.min(wanted, outputMax ?? modelMax(row));
  const call: PlannedCall = {
    endpoint,
    model: modelOf(variant.wireProfile ?? row.price, endpoint),
    billed: tariffOf(row, endpoint, variant),
    promptTokens,
    base64Chars,
    image,
    grownTokens,
    continues: row.server_side_input !== undefined,
    usage: {
      input: promptTokens - cacheRead - cacheWrite + added,
      cacheRead,
      cacheWrite,
      output,
      reasoning: Math.min(row.hidden_output ?? 0, output),
      units: row.units ?? 0,
    },
    outputWanted: wanted,
    outputMax,
    marksCache: cacheRead + cacheWrite > 0 && providerOf(endpoint) === 'anthropic',
    searchTool: undefined,
    isStream: row.stream === true,
    leavesAfter: undefined,
    fault: row.result === 'in_flight_at_crash' ? IN_FLIGHT : undefined,
    leavesUnanswered: false,
    sdkRetries: 0,
    tracker: trackerOf(row),
    window: 0,
    afterRestart: row.after_restart === true,
    isCutByCrash: row.result === 'in_flight_at_crash',
    thenMs: 0,
    meanwhileMs: 0,
    scopes: {},
  };
  return call;
}

function trackerOf(row: CallRow): Tracker {
  return {
    counts: 1,
    profile: row.price,
    factor: 1,
    cache: 'right',
    seesReasoning: true,
    seesUnits: true,
    sumsChunks: false,
    expectedInput: undefined,
    isNaN: false,
    counter: 'one',
  };
}

function ceilingOf(row: CallRow, endpoint: Endpoint): number | undefined {
  if (endpoint === 'embeddings') return undefined;
  if (row.max_out !== undefined && row.max_out !== null) return row.max_out;
  return endpoint === 'messages' ? Math.max(CEILING_USUAL, row.out) : undefined;
}

function modelMax(row: CallRow): number {
  const wanted = row.out + (row.hidden_output ?? 0);
  return row.model_max_out ?? Math.max(OUTPUT_MAX, row.max_out ?? 0, wanted);
}

function tariffOf(row: CallRow, endpoint: Endpoint, variant: Variant): Tariff {
  const profile = variant.servedAs ?? variant.tariff?.profile ?? row.price;
  return {
    provider: providerOf(endpoint),
    doubleAbove: undefined,
    picoPerUnit: undefined,
    outputTokensMax: modelMax(row),
    tableFactor: 1,
    writesCache: (row.cache_write ?? 0) > 0 || (row.cache_read ?? 0) > 0,
    ...variant.tariff,
    model: modelOf(variant.servedAs ?? row.price, endpoint),
    profile,
  };
}

/** The tariff of the model that is billed, and of the one on the wire where that is another. */
function tariffsOf(variant: Variant, call: PlannedCall): readonly Tariff[] {
  const { wireProfile } = variant;
  if (wireProfile === undefined || call.model === call.billed.model) return [call.billed];
  return [call.billed, { ...call.billed, model: call.model, profile: wireProfile }];
}

function modelOf(profile: string, endpoint: Endpoint): string {
  return `replay-${profile}-${providerOf(endpoint)}`;
}

/** Whose API an endpoint is. */
export function providerOf(endpoint: Endpoint): ProviderName {
  return endpoint === 'messages' ? 'anthropic' : 'openai';
}

/** Frameworks whose threads are mostly about OpenAI's API. */
const OPENAI_FIRST =
  /openai|litellm|autogen|autogpt|crewai|pydantic|llamaindex|danswer|dspy|swarms|n8n|langsmith|microsoft|praison|new-api|bifrost|dify/i;

function endpointOf(
  { framework, scenario }: Incident,
  variant: Variant,
  row: CallRow,
  repetition: number,
): Endpoint {
  if (row.price === 'embed') return 'embeddings';
  const route = scenario.fault['route'];
  if (typeof route === 'string' && route.startsWith('/')) {
    return repetition % 2 === 0 ? 'responses' : 'messages';
  }
  if (variant.endpoint !== undefined) return variant.endpoint;
  if (row.max_out === null) return 'chat';
  return OPENAI_FIRST.test(framework) ? 'chat' : 'messages';
}
