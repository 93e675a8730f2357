import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CONFIG_DEFAULTS } from '../src/policy/read-config.ts';
import { CONFIG_FIELDS, usdField } from '../src/policy/config-fields.ts';
import { object, type JsonSchema } from '../src/policy/fields.ts';
import { SHORTHAND_PATTERNS } from '../src/policy/shorthand.ts';

/** Where the schema lies: it is published with the package. */
export const SCHEMA_FILE = fileURLToPath(new URL('../budget-guard.schema.json', import.meta.url));

/** What the schema says about one place beyond what validation reads. */
interface Note {
  readonly description: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
}

const CLASS_NOTES: Readonly<Record<string, string>> = {
  input: 'Plain input tokens.',
  cacheRead: 'Input tokens read from the cache.',
  cacheWrite5m: 'Input tokens written to the cache for 5 minutes.',
  cacheWrite1h: 'Input tokens written to the cache for 1 hour.',
  audioInput: 'Audio input tokens.',
  audioCacheRead: 'Audio input tokens read from the cache.',
  imageInput: 'Image input tokens.',
  imageCacheRead: 'Image input tokens read from the cache.',
  output: 'Output tokens, reasoning included.',
  audioOutput: 'Audio output tokens.',
  imageOutput: 'Image output tokens.',
};

const SERVICE_TIER_NOTE: Note = {
  description:
    'The service tier of requests that do not say one: `any` bounds them at the dearest tier.',
  default: CONFIG_DEFAULTS.serviceTier,
};

const GEO_NOTE: Note = {
  description:
    'The region of requests that do not say one: `global` has no uplift, `any` bounds them at ' +
    'the dearest region.',
  default: CONFIG_DEFAULTS.geo,
  examples: ['global', 'us'],
};

/**
 * A note for each place. Paths: `.member`, `[]` the items of a list, `{}` the values of a record. A
 * place without a note, or a note without a place, stops the generator.
 */
const NOTES: Readonly<Record<string, Note>> = {
  $schema: {
    description: 'This schema, for editors.',
    examples: ['./node_modules/hardcap/budget-guard.schema.json'],
  },
  caps: {
    description: 'Caps in full. An empty list allows a configuration without any cap.',
    examples: [[{ scope: 'model', match: 'claude-opus-*', window: 'rolling 1h', usd: 5 }]],
  },
  'caps[].id': {
    description:
      'Names the cap’s balances. Default: derived from scope, match, window, time zone and mode, ' +
      'so that changing an amount keeps what was spent.',
    examples: ['opus-hourly'],
  },
  'caps[].scope': {
    description:
      '`global`, or a dimension: `customer`, `feature`, `model`, `provider`, `agent`, `session`, ' +
      'or one of your own. Without `match` each value of it has an account of its own.',
    examples: ['global', 'customer', 'model'],
  },
  'caps[].match': {
    description:
      'Which values the cap is for; `*` stands for any characters. All values that match share ' +
      'one account.',
    examples: ['acme', 'claude-*'],
  },
  'caps[].window': {
    description:
      'How long a charge counts: a calendar unit in the time zone (weeks from Monday), ' +
      '`lifetime`, or `rolling` with a whole number of s, m, h or d, up to 366 days.',
    examples: ['day', 'rolling 90m', 'lifetime'],
  },
  'caps[].usd': {
    description:
      'Dollars, no finer than a nano-dollar. 0: nothing may be spent. Each cap has at least one ' +
      'of `usd`, `tokens`, `calls`, `identical`, `depth`, `fanOut`.',
    examples: [50, 0.25],
  },
  'caps[].tokens': { description: 'Tokens of all classes together.', examples: [1_000_000] },
  'caps[].calls': {
    description: 'Attempts: every physical request counts, retries too.',
    examples: [1000],
  },
  'caps[].identical': {
    description:
      'Attempts with the same request, retries too, and repeats of one tool step in a row with ' +
      'the same result. Counted in each process by itself.',
    examples: [5],
  },
  'caps[].depth': {
    description: 'How many values of the dimension may be nested in one call. Not for `global`.',
    examples: [3],
  },
  'caps[].fanOut': {
    description:
      'How many distinct values of the dimension may come directly under one chain of values in ' +
      'the window. Not for `global`. Counted in each process by itself.',
    examples: [8],
  },
  'caps[].mode': {
    description: '`observe` records and reports, and never refuses.',
    default: CONFIG_DEFAULTS.mode,
  },
  'caps[].unattributed': {
    description:
      'What happens to a call without a value for the dimension. Default: that of the ' +
      'configuration.',
  },
  'caps[].thresholds': {
    description:
      'Fractions of this cap at which an event is emitted. Default: the configuration’s.',
  },
  'caps[].thresholds[]': { description: 'A fraction above 0, up to 1.' },
  'caps[].timeZone': {
    description: 'IANA name for this cap’s calendar window. Default: that of the configuration.',
    examples: ['America/New_York'],
  },
  'caps[].onShort': {
    description:
      'What is tried with a call that this cap has too little room for: `refuse`, a strategy, or ' +
      'a list. Default: that of the configuration.',
    examples: [['count', 'fit', 'wait']],
  },
  'caps[].minOutputTokens': {
    description:
      'The least output ceiling that `fit` leaves a call. Default: that of the configuration.',
  },
  'caps[].wrapUp': {
    description: 'The part of the cap that only calls marked `wrapUp` may spend.',
    examples: [0.1],
  },
  timeZone: {
    description: 'IANA name of the time zone in which days, weeks and months begin.',
    default: CONFIG_DEFAULTS.timeZone,
    examples: ['Europe/Berlin'],
  },
  unattributed: {
    description:
      'What happens to a call without a value for a capped dimension: it draws on the shared ' +
      'account `<dimension>:unattributed`, or is refused with SCOPE_MISSING.',
    default: CONFIG_DEFAULTS.unattributed,
  },
  thresholds: {
    description: 'Fractions of a cap at which a threshold event is emitted.',
    default: CONFIG_DEFAULTS.thresholds,
  },
  'thresholds[]': { description: 'A fraction above 0, up to 1.' },
  prices: {
    description: 'Your own prices. Each replaces the bundled price card of its model, all of it.',
    examples: [
      [
        {
          provider: 'openai',
          model: 'my-fine-tune',
          usdPerMillion: { input: '0.30', output: '1.20' },
          source: 'contract of 2026-10-01',
        },
      ],
    ],
  },
  'prices[].provider': { description: 'The provider’s name.', examples: ['anthropic', 'openai'] },
  'prices[].model': { description: 'The exact model id that the request names. No patterns.' },
  'prices[].usdPerMillion': {
    description:
      'Dollars per million tokens of each class, as numbers or decimal strings. Leaving a class ' +
      'out says that it is never billed; if it is, the attempt is booked at its bound.',
  },
  ...Object.fromEntries(
    Object.entries(CLASS_NOTES).map(([name, description]) => [
      `prices[].usdPerMillion.${name}`,
      { description },
    ]),
  ),
  'prices[].usdPerUse': { description: 'Dollars per piece, as numbers or decimal strings.' },
  'prices[].usdPerUse.webSearch': { description: 'One web search.' },
  'prices[].usdPerUse.fileSearch': { description: 'One file search.' },
  'prices[].usdPerUse.codeSession': { description: 'One code execution session.' },
  'prices[].usdPerUse.image': { description: 'One generated image.' },
  'prices[].inputTokensMax': { description: 'The model’s context window in tokens.' },
  'prices[].outputTokensMax': { description: 'The most output tokens of one answer.' },
  'prices[].source': {
    description: 'Where the figures come from.',
    examples: ['https://example.com/pricing, 2026-10-01'],
  },
  assume: {
    description:
      'What you know about your provider accounts, so that bounds need not assume the worst.',
  },
  'assume.anthropic': { description: 'Your Anthropic workspace.' },
  'assume.anthropic.serviceTier': SERVICE_TIER_NOTE,
  'assume.anthropic.geo': GEO_NOTE,
  'assume.openai': { description: 'Your OpenAI project.' },
  'assume.openai.serviceTier': SERVICE_TIER_NOTE,
  'assume.openai.geo': GEO_NOTE,
  allow: {
    description:
      'Features that the request does not bound and that are refused otherwise: how much each ' +
      'may cost at most per attempt.',
    examples: [{ previous_response_id: { inputTokensMax: 200_000 } }],
  },
  'allow{}': { description: 'The bound of one feature; at least one of the three.' },
  'allow{}.inputTokensMax': { description: 'Input tokens that the feature may add per attempt.' },
  'allow{}.outputTokensMax': { description: 'Output tokens that the feature may add per attempt.' },
  'allow{}.usesMax': { description: 'Uses per attempt.' },
  inputBound: {
    description: '`hard` is proven from bytes; `tight` counts more closely, with a margin.',
    default: CONFIG_DEFAULTS.inputBound,
  },
  onShort: {
    description:
      'What is tried, in this order, with a call that does not fit: `count` bounds it more ' +
      'closely, `fit` lowers its output ceiling, `wait` waits for calls in flight, `fallback` ' +
      'asks a cheaper model.',
    default: CONFIG_DEFAULTS.onShort,
    examples: [['count', 'fit', 'wait']],
  },
  minOutputTokens: {
    description: 'The least output ceiling that `fit` leaves a call.',
    default: CONFIG_DEFAULTS.minOutputTokens,
  },
  fitStructured: {
    description:
      'Whether `fit` may lower the ceiling where cut output is of no use: strict or forced tool ' +
      'calls, structured output.',
    default: CONFIG_DEFAULTS.fitStructured,
  },
  countEndpoint: {
    description: 'Whether `count` may ask the provider’s free counting endpoint.',
    default: CONFIG_DEFAULTS.countEndpoint,
  },
  waitMsMax: {
    description: 'Milliseconds that `wait` takes at most.',
    default: CONFIG_DEFAULTS.waitMsMax,
  },
  waitersMax: {
    description: 'How many calls may wait at a time; the next is refused.',
    default: CONFIG_DEFAULTS.waitersMax,
  },
  fallback: {
    description: 'For `fallback`: models of the same provider, by the model that is asked for.',
    examples: [{ 'claude-opus-4-8': ['claude-sonnet-4-6'] }],
  },
  'fallback{}': { description: 'Tried in this order.' },
  expect: {
    description:
      'Holds for the length that answers are expected to have and lowers the output ceiling on ' +
      'the wire to it; `true` for the defaults. With `stream: "steps"` a stream is held for in ' +
      'steps while it runs.',
    examples: [true, { quantile: 0.99, margin: 1.2, samplesMin: 20 }],
  },
  onStreamShort: {
    description:
      'Required with `stream: "steps"`: `stop` ends a stream whose next step does not fit with ' +
      'an error, `let-finish` lets it go on and may overdraw.',
  },
  idleTimeoutMs: {
    description: 'Milliseconds without a byte after which an abandoned answer is closed as spent.',
    default: CONFIG_DEFAULTS.idleTimeoutMs,
  },
  maxPriceAgeDays: {
    description:
      'Age in days from which the bundled price book warns. It never refuses for its age.',
    default: CONFIG_DEFAULTS.maxPriceAgeDays,
  },
};

const SHORTHAND_NOTES: readonly Note[] = [
  {
    description:
      'Dollars that everything together may spend per window: `global_cap_per_day_usd`; ' +
      '`global_cap_usd` for a lifetime.',
    examples: [50],
  },
  {
    description:
      'Dollars that each value of a dimension may spend per window: ' +
      '`per_customer_cap_per_day_usd`; `per_customer_cap_usd` for a lifetime.',
    examples: [2],
  },
];

/**
 * The JSON Schema (2020-12) of `budget-guard.config.json`, from the fields that validation reads.
 */
export function budgetGuardSchema(): JsonSchema {
  const unused = new Set(Object.keys(NOTES));
  const members = annotated(object(CONFIG_FIELDS).schema, '', unused);
  if (unused.size > 0) throw new Error(`Notes without a place: ${[...unused].join(', ')}`);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'hardcap configuration',
    description: 'Hard spending caps for LLM calls. Amounts are dollars.',
    ...members,
    patternProperties: Object.fromEntries(
      SHORTHAND_PATTERNS.map((pattern, index) => [
        pattern,
        { ...usdField.schema, ...SHORTHAND_NOTES[index] },
      ]),
    ),
    anyOf: [{ required: ['caps'] }, ...SHORTHAND_PATTERNS.map(hasPropertyMatching)],
    examples: [
      { global_cap_per_day_usd: 50, per_customer_cap_per_day_usd: 2 },
      {
        timeZone: 'Europe/Berlin',
        caps: [
          { scope: 'customer', window: 'month', usd: 200, unattributed: 'refuse' },
          { scope: 'model', match: 'claude-opus-*', window: 'rolling 1h', usd: 5, calls: 500 },
        ],
      },
    ],
  };
}

/** That at least one member's name matches: not all names fail to. */
function hasPropertyMatching(pattern: string): JsonSchema {
  return { not: { propertyNames: { not: { pattern } } } };
}

/** The schema with a note at every place below `path`; notes used are taken off `unused`. */
function annotated(schema: JsonSchema, path: string, unused: Set<string>): JsonSchema {
  const noted = (child: unknown, at: string): JsonSchema => {
    const note = NOTES[at];
    if (note === undefined) throw new Error(`No note for ${at}`);
    unused.delete(at);
    return { ...note, ...annotated(child as JsonSchema, at, unused) };
  };
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (keyword === 'properties') {
        return [
          keyword,
          mapped(value, (name, child) => noted(child, path ? `${path}.${name}` : name)),
        ];
      }
      if (keyword === 'patternProperties') {
        return [keyword, mapped(value, (_, child) => noted(child, `${path}{}`))];
      }
      if (keyword === 'items' && NOTES[`${path}[]`] !== undefined) {
        return [keyword, noted(value, `${path}[]`)];
      }
      if (keyword === 'items')
        return [keyword, annotated(value as JsonSchema, `${path}[]`, unused)];
      return [keyword, value];
    }),
  );
}

function mapped(value: unknown, change: (name: string, child: unknown) => JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(value as JsonSchema).map(([name, child]) => [name, change(name, child)]),
  );
}

/** The exact text of the file, laid out as the repository's formatter does. */
export function schemaText(): string {
  const text = JSON.stringify(budgetGuardSchema(), null, 2);
  return `${text.replace(FLAT_LIST, (list, indent: string, head: string) => {
    const flat = list
      .replace(/\s*\n\s*/g, ' ')
      .replace('[ ', '[')
      .replace(' ]', ']')
      .trim();
    const line = `${indent}${head}${flat.slice(head.length)}`;
    return line.length < COLUMNS_MAX ? line : list;
  })}\n`;
}

/** A list of plain values, one on each line. */
const FLAT_LIST = /^( *)((?:"[^"\n]*": )?)\[\n(?: *(?:"(?:[^"\\\n]|\\.)*"|[-\d.e]+),?\n)+ *\]/gm;
const COLUMNS_MAX = 100;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(SCHEMA_FILE, schemaText());
  console.log(`Wrote ${SCHEMA_FILE}`);
}
