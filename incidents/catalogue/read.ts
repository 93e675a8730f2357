import { MODES, ORACLE_KINDS, PRICES, RESULTS, SENT_AS, type Incident } from './incident.ts';

/** A catalogue that is not of the schema: names the first wrong field by its path. */
export class CatalogueError extends Error {
  /** `incidents[3].scenario.calls[0].price` */
  readonly field: string;

  constructor(field: string, reason: string) {
    super(`${field}: ${reason}`);
    this.name = 'CatalogueError';
    this.field = field;
  }
}

/**
 * Reads a catalogue of the schema, all of it before anything is played.
 *
 * Throws `CatalogueError` for the first field that is missing, unknown, of another type or out of
 * range, for an id that is there twice, and for a call or a parent that names no actor.
 */
export function readCatalogue(value: unknown): readonly Incident[] {
  if (!Array.isArray(value)) throw new CatalogueError('incidents', 'must be a list');
  const ids = new Set<string>();
  for (const [index, entry] of value.entries()) {
    const path = `incidents[${index}]`;
    check(entry, path, INCIDENT);
    const incident = entry as Incident;
    if (ids.has(incident.id))
      throw new CatalogueError(`${path}.id`, `${incident.id} is there twice`);
    ids.add(incident.id);
    checkActors(incident, `${path}.scenario`);
  }
  return value as readonly Incident[];
}

function checkActors({ scenario }: Incident, path: string): void {
  const seen = new Set<string>();
  for (const [index, { id, parent, cap_usd: cap }] of scenario.actors.entries()) {
    const at = `${path}.actors[${index}]`;
    if (seen.has(id)) throw new CatalogueError(`${at}.id`, `${id} is there twice`);
    if (index === 0 && cap === undefined) {
      throw new CatalogueError(`${at}.cap_usd`, 'the first actor is the root and needs the cap');
    }
    if (index === 0 && parent !== undefined) {
      throw new CatalogueError(`${at}.parent`, 'the first actor is the root and has none');
    }
    if (index > 0 && (parent === undefined || !seen.has(parent))) {
      throw new CatalogueError(`${at}.parent`, 'must name an actor that stands before it');
    }
    seen.add(id);
  }
  for (const [index, { actor }] of scenario.calls.entries()) {
    if (!seen.has(actor)) {
      throw new CatalogueError(`${path}.calls[${index}].actor`, `${actor} is no actor`);
    }
  }
}

/** Says what is wrong with a value; `undefined`: nothing. Nested fields throw by themselves. */
type Rule = (value: unknown, path: string) => string | undefined;
type Fields = Readonly<Record<string, Rule>>;

const text: Rule = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'must be a text that is not empty';
const flag: Rule = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
const count: Rule = (value) =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? undefined : 'must be a whole number from 0';
const some: Rule = (value) =>
  Number.isSafeInteger(value) && Number(value) >= 1 ? undefined : 'must be a whole number from 1';
const amount: Rule = (value) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? undefined
    : 'must be a number from 0';
const fraction: Rule = (value) =>
  typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'must be from 0 to 1';
const scalar: Rule = (value) =>
  typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
    ? undefined
    : 'must be a text, a number, true or false';

function oneOf(names: readonly string[]): Rule {
  return (value) =>
    typeof value === 'string' && names.includes(value)
      ? undefined
      : `must be one of ${names.join(', ')}`;
}

function orNull(rule: Rule): Rule {
  return (value, path) => (value === null ? undefined : rule(value, path));
}

function optional(rule: Rule): Rule {
  return (value, path) => (value === undefined ? undefined : rule(value, path));
}

function object(fields: Fields, rest?: Rule): Rule {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return 'must be an object';
    }
    const given = value as Readonly<Record<string, unknown>>;
    for (const [name, rule] of Object.entries(fields)) check(given[name], `${path}.${name}`, rule);
    for (const name of Object.keys(given)) {
      if (fields[name] !== undefined) continue;
      if (rest === undefined)
        throw new CatalogueError(`${path}.${name}`, 'is no field of the schema');
      check(given[name], `${path}.${name}`, rest);
    }
    return undefined;
  };
}

function list(item: Rule): Rule {
  return (value, path) => {
    if (!Array.isArray(value) || value.length === 0) return 'must be a list that is not empty';
    for (const [index, one] of value.entries()) check(one, `${path}[${index}]`, item);
    return undefined;
  };
}

function check(value: unknown, path: string, rule: Rule): void {
  const reason = rule(value, path);
  if (reason !== undefined) throw new CatalogueError(path, reason);
}

const ACTOR = object({
  id: text,
  cap_usd: optional(amount),
  parent: optional(text),
  n: optional(some),
});

const OPTIONAL_COUNTS = [
  'in_growth',
  'cache_read',
  'cache_write',
  'hidden_output',
  'server_side_input',
  'image_base64_chars',
  'image_vision_tokens',
  'units',
  'chunks',
  'reported_in',
  'reported_out',
  'threshold',
  'model_max_out',
];
const OPTIONAL_FLAGS = [
  'stream',
  'usage_frame',
  'visible_in_framework_usage',
  'each_fits_alone',
  'all_together_fit',
  'same_content_each_run',
  'same_job_key',
  'after_restart',
  'starts_before_boundary',
  'settles_after_boundary',
  'on_wire',
];
const OPTIONAL_TEXTS = [
  'usage_per_chunk',
  'reported_cost',
  'caller_option',
  'credential',
  'expected_credential',
  'every',
  'route',
];

function each(names: readonly string[], rule: Rule): Fields {
  return Object.fromEntries(names.map((name) => [name, optional(rule)]));
}

const CALL = object({
  actor: text,
  n: some,
  mode: oneOf(MODES),
  in: count,
  out: count,
  price: oneOf(PRICES),
  result: oneOf(RESULTS),
  max_out: optional(orNull(some)),
  ...each(OPTIONAL_COUNTS, count),
  ...each(OPTIONAL_FLAGS, flag),
  ...each(OPTIONAL_TEXTS, text),
  unit_fee_usd: optional(amount),
  table_price_factor: optional(amount),
  fraction_of_output_seen: optional(fraction),
  requested_price: optional(oneOf(PRICES)),
  true_price: optional(oneOf(PRICES)),
  sent_as: optional(oneOf(SENT_AS)),
});

const PATTERN: Rule = (value) =>
  typeof value === 'string' && /^P(0[1-9]|[12]\d|3\d)$/.test(value)
    ? undefined
    : 'must be P01 to P39';

const INCIDENT = object({
  id: text,
  framework: text,
  url: (value) =>
    typeof value === 'string' && /^https?:\/\//.test(value) ? undefined : 'must be a web address',
  year: some,
  cluster: text,
  mechanism: text,
  loss_usd: orNull(amount),
  in_paper: flag,
  paper_label: orNull(text),
  seen: text,
  expected: text,
  scenario: object({
    actors: list(ACTOR),
    calls: list(CALL),
    fault: object({ kind: text }, scalar),
    pattern: PATTERN,
    oracle: object({
      kind: oneOf(ORACLE_KINDS),
      true_cost_if_unprotected_usd: amount,
      largest_single_call_usd: amount,
    }),
  }),
});
