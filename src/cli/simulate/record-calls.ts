import type { BilledUsage, BillEntry, Emulator, EmulatedRequest } from '../../emulator/emulator.ts';
import { SCOPES_HEADER } from '../../adapters/dry-run.ts';
import { readScopes } from '../../policy/scope-set.ts';
import type { TokenClass, UsageLine } from '../../meter/usage.ts';
import { tokens } from '../../units/count.ts';
import { usageError } from '../usage-error.ts';
import { ceilingIn } from './answers.ts';
import type { CallScopes } from './call-scopes.ts';
import type { RecordedCall } from './recording.ts';

/** Where a request says the value of a dimension: a header, or a field of its body. */
export interface Attribution {
  readonly dimension: string;
  readonly from: 'header' | 'body';
  /** The header's name, or the field's: `metadata.user_id`. */
  readonly name: string;
}

const ATTRIBUTION = /^([A-Za-z][\w.-]{0,63})=(header|body):([\w.-]{1,200})$/;

/** Reads `customer=header:x-customer` and `customer=body:metadata.user_id`. */
export function readAttribution(said: string): Attribution {
  const [, dimension = '', from = '', name = ''] = ATTRIBUTION.exec(said) ?? [];
  if (from === 'header' || from === 'body') return { dimension, from, name };
  throw usageError(
    `--attribute ${JSON.stringify(said)} is no <dimension>=header:<name> and no ` +
      '<dimension>=body:<field>',
    'Say --attribute customer=header:x-customer, or --attribute customer=body:metadata.user_id',
  );
}

/**
 * Reads who made a request: what a guard in the command says, then what the user's own attributions
 * find. Scopes that cannot be meant count as none.
 */
export function scopesReader(
  attributions: readonly Attribution[],
): (request: EmulatedRequest) => CallScopes {
  return (request) => {
    const found = attributions.flatMap(({ dimension, from, name }) => {
      const value =
        from === 'header' ? request.headers[name.toLowerCase()] : fieldOf(request, name);
      return typeof value === 'string' && value !== '' ? [[dimension, [value]] as const] : [];
    });
    return { ...Object.fromEntries(found), ...toldScopes(request.headers[SCOPES_HEADER]) };
  };
}

/** Everything that was billed, in the order in which it was asked for. */
export function recordedCalls(
  { bill, requests }: Pick<Emulator, 'bill' | 'requests'>,
  scopesOf: (request: EmulatedRequest) => CallScopes,
): readonly RecordedCall[] {
  const { entries } = bill();
  const start = Math.min(...entries.map((entry) => requests[entry.requestIndex]?.at ?? entry.at));
  return entries.flatMap((entry) => {
    const request = requests[entry.requestIndex];
    if (request === undefined) return [];
    return [
      {
        provider: entry.provider,
        route: ROUTES[request.api] ?? request.api,
        model: entry.model,
        scopes: scopesOf(request),
        atMs: Math.max(0, Math.round(request.at - start)),
        bodyBytes: Buffer.byteLength(request.bodyText),
        outputMax: ceilingIn(request.body),
        usage: { lines: linesOf(entry) },
      },
    ];
  });
}

/** Models that were asked for and have no price: the emulator has never heard of them. */
export function unpricedModels(
  requests: readonly EmulatedRequest[],
  prices: Readonly<Record<string, unknown>>,
): readonly string[] {
  const asked = requests.filter(({ api, model }) => model !== '' && ROUTES[api] !== undefined);
  const missing = asked.filter(({ model }) => !Object.hasOwn(prices, model));
  return [...new Set(missing.map(({ model }) => model))].toSorted();
}

const ROUTES: Readonly<Record<string, string>> = {
  messages: 'messages',
  chat: 'chat.completions',
  responses: 'responses',
  embeddings: 'embeddings',
  completions: 'completions',
  images: 'images.generations',
};

function linesOf({ usage, tier, isFast, geo, iterations }: BillEntry): readonly UsageLine[] {
  const own = { serviceTier: tier, isFast, geo };
  return [
    { model: undefined, ...countsOf(usage), ...own },
    ...iterations.map((each) => ({ model: each.model, ...countsOf(each.usage), ...own })),
  ];
}

const CLASSES: readonly (readonly [TokenClass, keyof BilledUsage])[] = [
  ['input', 'inputTokens'],
  ['cacheRead', 'cacheReadTokens'],
  ['cacheWrite5m', 'cacheWriteTokens'],
  ['cacheWrite1h', 'cacheWrite1hTokens'],
  ['imageInput', 'imageInputTokens'],
  ['output', 'outputTokens'],
  ['imageOutput', 'imageOutputTokens'],
];

function countsOf(usage: BilledUsage): Pick<UsageLine, 'tokens' | 'fees'> {
  const counted = CLASSES.flatMap(([name, field]) => {
    const count = tokens(usage[field]);
    return count === undefined || count === 0 ? [] : [[name, count] as const];
  });
  const fees = usage.webSearches === 0 ? {} : { webSearch: usage.webSearches };
  return { tokens: Object.fromEntries(counted), fees };
}

function toldScopes(header: string | undefined): CallScopes {
  if (header === undefined) return {};
  try {
    const said: unknown = JSON.parse(decodeURIComponent(header));
    if (typeof said !== 'object' || said === null) return {};
    const scopes: Record<string, readonly string[]> = {};
    for (const [dimension, value] of Object.entries(said)) {
      const values: readonly unknown[] = Array.isArray(value) ? value : [value];
      scopes[dimension] = values.flatMap(
        (each) => readScopes({ [dimension]: each })[dimension] ?? [],
      );
    }
    return scopes;
  } catch {
    // A program may send any header; one that says no scopes attributes nothing.
    return {};
  }
}

function fieldOf({ body }: EmulatedRequest, name: string): unknown {
  let value: unknown = body;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}
