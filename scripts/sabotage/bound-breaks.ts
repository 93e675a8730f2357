import type { Break } from './break.ts';

const COST = ['src/pricing/cost.test.ts'];
const ANTHROPIC = ['src/providers/anthropic/request.test.ts'];
const OPENAI = ['src/providers/openai/request.test.ts'];
const PLAN = ['src/policy/plan.test.ts'];

const TRUTH = '2. Truth';
const NO_NEEDLESS_NO = '6. No needless no';
const BOUND = 'The bound';
const METER = 'The meter';
const POLICY = 'Scopes and windows';

/** Breaks of what stands before and after the accounts: bound, price, plan, meter. */
export const BOUND_BREAKS: readonly Break[] = [
  {
    part: BOUND,
    guarantee: 'Tokens are priced at the dearest class that the request leaves open',
    file: 'src/pricing/cost.ts',
    find: 'if (rate !== undefined) most = rate > most ? rate : most;',
    replace: 'if (rate !== undefined) most = most < 0 ? rate : most;',
    broken: 'the first class is taken',
    tests: COST,
  },
  {
    part: BOUND,
    guarantee: 'A bound past the long-context step is priced at the long rates',
    file: 'src/pricing/cost.ts',
    find: 'inputTokens > card.longContext.aboveInputTokens',
    replace: 'inputTokens > 2 * card.longContext.aboveInputTokens',
    broken: 'the step comes too late',
    tests: COST,
  },
  {
    part: NO_NEEDLESS_NO,
    guarantee: 'A bound exactly at the long-context step is priced at the short rates',
    file: 'src/pricing/cost.ts',
    find: 'inputTokens > card.longContext.aboveInputTokens',
    replace: 'inputTokens >= card.longContext.aboveInputTokens',
    broken: '`>` became `>=`',
    tests: COST,
  },
  {
    part: TRUTH,
    guarantee: 'A request is billed at the long rates above the step, not at it',
    file: 'src/pricing/cost.ts',
    find: 'inputTotal(line) > card.longContext.aboveInputTokens',
    replace: 'inputTotal(line) >= card.longContext.aboveInputTokens',
    broken: '`>` became `>=`',
    tests: COST,
  },
  {
    part: TRUTH,
    guarantee: 'A billed class without a rate has no price',
    file: 'src/pricing/cost.ts',
    find: 'if (rate === undefined) return unpriced(card.model, `no rate for ${name}`);',
    replace: 'if (rate === undefined) continue;',
    broken: 'it costs 0',
    tests: COST,
  },
  {
    part: TRUTH,
    guarantee: 'A prefix never prices',
    file: 'src/pricing/price-book.ts',
    find: 'if (snapshot === null || snapshot.madeAt > at + DAY_MS) return undefined;',
    replace:
      "if (snapshot === null) return exact(provider, model.replace(/-[^-]*$/, ''), at);\n" +
      '      if (snapshot.madeAt > at + DAY_MS) return undefined;',
    broken: 'an unknown id is priced without its last part',
    tests: ['src/pricing/price-book.test.ts'],
  },
  {
    part: BOUND,
    guarantee: 'The one rounding goes up',
    file: 'src/units/money.ts',
    find: 'Math.ceil(picoTotal / PICO_PER_NANO)',
    replace: 'Math.floor(picoTotal / PICO_PER_NANO)',
    broken: 'it goes down',
    tests: ['src/units/money.test.ts'],
  },
  {
    part: BOUND,
    guarantee: 'Text that grows when it is normalised is counted as it grows',
    file: 'src/estimate/text-bytes.ts',
    find: "const normal = value.normalize('NFKC');",
    replace: "const normal = value.normalize('NFC');",
    broken: 'NFKC became NFC',
    tests: ['src/estimate/text-bytes.test.ts'],
  },
  {
    part: BOUND,
    guarantee: 'An order to write the cache, anywhere, opens the dearer class',
    file: 'src/estimate/body-tokens.ts',
    find: 'if (CACHE_KEYS.has(name)) this.cacheControl(item);',
    replace: '',
    broken: '`cache_control` inside trees is passed over',
    tests: [...ANTHROPIC, 'src/estimate/body-tokens.test.ts'],
    title: 'cache',
  },
  {
    part: BOUND,
    guarantee: '`n` multiplies the output',
    file: 'src/providers/openai/bound.ts',
    find: "outputTokens: times(ceiling, countOf(body, 'n')),",
    replace: 'outputTokens: ceiling,',
    broken: 'one choice is bounded',
    tests: OPENAI,
  },
  {
    part: BOUND,
    guarantee: 'Each sampling of a server tool may read a whole window',
    file: 'src/providers/bound-draft.ts',
    find: 'return once * this.#samplings + this.#loopInput;',
    replace: 'return once + this.#loopInput;',
    broken: 'one sampling is bounded',
    tests: ANTHROPIC,
  },
  {
    part: BOUND,
    guarantee: 'A field without a rule is refused',
    file: 'src/providers/anthropic/bound.ts',
    find: "else draft.use(unknownFeature('field', name));",
    replace: 'else draft.tally.value(value, true);',
    broken: 'unknown fields cost their bytes',
    tests: ANTHROPIC,
  },
  {
    part: BOUND,
    guarantee: 'An absent output ceiling is the maximum of the model',
    file: 'src/providers/bound-draft.ts',
    find: 'const most = outputTokensMax ?? inputTokensMax ??',
    replace: 'const most = tokens(4096) ??',
    broken: 'it is 4,096',
    tests: [...ANTHROPIC, ...OPENAI],
  },
  {
    part: METER,
    guarantee: 'Cumulative figures replace earlier ones, they never add',
    file: 'src/providers/anthropic/usage.ts',
    find: 'for (const field of OTHER_FIELDS) {\n      if (isReported(next, field)) merged[field] = next[field];',
    replace:
      'for (const field of OTHER_FIELDS) {\n' +
      '      const [old, now] = [merged[field], next[field]];\n' +
      "      const isSum = typeof old === 'number' && typeof now === 'number';\n" +
      '      if (isReported(next, field)) merged[field] = isSum ? old + now : now;',
    broken: 'output figures are added up',
    tests: ['src/providers/anthropic/usage.test.ts'],
  },
  {
    part: METER,
    guarantee: 'A figure that is no whole number from 0 is hostile',
    file: 'src/meter/figures.ts',
    find: 'this.suspect(`${field} is ${show(value)}, ${RANGE}`);',
    replace: 'void RANGE;',
    broken: 'it counts as not reported',
    tests: ['src/providers/anthropic/usage.test.ts', 'src/providers/openai/usage.test.ts'],
  },
  {
    part: METER,
    guarantee: 'A stream reads the same wherever its bytes are split',
    file: 'src/meter/sse-scanner.ts',
    find: 'this.#feedAt = -1;\n    this.#returnAt = -1;\n    let at = 0;',
    replace: 'let at = 0;',
    broken: 'line ends of the chunk before are looked for in the next',
    tests: ['src/meter/sse-scanner.test.ts', 'test/property/meter.property.test.ts'],
    title: 'SSE|sse|read the same wherever',
  },
  {
    part: POLICY,
    guarantee: 'Weeks begin on Monday',
    file: 'src/policy/calendar.ts',
    find: 'const MONDAY_MS = 4 * DAY_MS;',
    replace: 'const MONDAY_MS = 3 * DAY_MS;',
    broken: 'they begin on Sunday',
    tests: ['src/policy/calendar.test.ts'],
  },
  {
    part: POLICY,
    guarantee: 'Windows are half-open: each instant is in one',
    file: 'src/policy/calendar.ts',
    find: 'if (at < end) return { start, end };',
    replace: 'if (at <= end) return { start, end };',
    broken: 'the end belongs to both',
    tests: ['src/policy/calendar.test.ts'],
  },
  {
    part: POLICY,
    guarantee: 'Different values never share an account',
    file: 'src/policy/account-key.ts',
    find: 'const UNSAFE = /[%|',
    replace: 'const UNSAFE = /[|',
    broken: '`%` is not escaped',
    tests: [...PLAN, 'test/property/policy.property.test.ts'],
    title: 'share a key',
  },
  {
    part: POLICY,
    guarantee: 'An inner scope adds accounts and escapes none',
    file: 'src/policy/scope-set.ts',
    find: 'values === undefined ? [text] : [...values, text]',
    replace: '[text]',
    broken: 'the inner value replaces the outer one',
    tests: ['src/policy/scope-set.test.ts', 'test/property/policy.property.test.ts'],
    title: 'narrow|escapes one',
  },
  {
    part: POLICY,
    guarantee: 'Leaving a value out escapes no cap',
    file: 'src/policy/cap-accounts.ts',
    find: 'accounts.push(this.#account(shared, at));',
    replace: 'void shared;',
    broken: 'a call without a value draws on nothing',
    tests: PLAN,
  },
];
