import { TOKEN_CLASSES } from '../../meter/usage.ts';
import { nearestOf } from '../../policy/nearest.ts';
import type { GuardSettings } from '../../policy/read-config.ts';
import { CONFIG_DEFAULTS } from '../../policy/read-config.ts';
import { bundledCards, createPriceBook, type PriceBook } from '../../pricing/price-book.ts';
import type { PriceCard, Rates } from '../../pricing/price-card.ts';
import type { EpochMs } from '../../units/time.ts';
import { EXIT, defineCommand, type Answer, type View } from '../command.ts';
import { settingsOf } from '../books/config.ts';
import { countText, usdText } from '../books/money.ts';
import { tableOf } from '../frame/text.ts';

/** One card as `--json` prints it. */
export interface ReportedCard {
  readonly provider: string;
  readonly model: string;
  /** ISO 8601, in UTC; `null`: since ever. */
  readonly effective_from: string | null;
  /** By class of tokens: whole pico-dollars per token, and dollars per million to read. */
  readonly rates: Readonly<Record<string, RateShown>>;
  /** The rates of a request with more input tokens than `above_input_tokens`. */
  readonly long_context: {
    readonly above_input_tokens: number;
    readonly rates: Readonly<Record<string, RateShown>>;
  } | null;
  /** Service tiers that have rates of their own. */
  readonly tiers: readonly string[];
  /** Whole pico-dollars per piece. */
  readonly fees_pico_usd: Readonly<Record<string, number>>;
  readonly input_tokens_max: number | null;
  readonly output_tokens_max: number | null;
  readonly source: string;
  /** From the configuration, and not from the bundled data. */
  readonly is_own: boolean;
}

/** A rate in the unit that is computed with, and in the unit of price lists. */
export interface RateShown {
  readonly pico_usd_per_token: number;
  readonly usd_per_million: number;
}

/** What `hardcap prices --json` prints. */
export interface PricesAnswer {
  /** The instant that the cards are in force at, ISO 8601 in UTC. */
  readonly at: string;
  /** The date of the bundled data, and its age at `at`. */
  readonly generated_at: string;
  readonly age_days: number;
  /** Older than `maxPriceAgeDays` of the configuration. */
  readonly is_stale: boolean;
  readonly cards: readonly ReportedCard[];
}

/** `hardcap prices`. */
export const prices = defineCommand({
  name: 'prices',
  summary: 'Shows the price card in force for a model, where it comes from and how old it is',
  about: [
    'Prices are matched by the exact id that a request names, never by a prefix: a model without ' +
      'a card is refused by every guard. Your own stand in the configuration under `prices`.',
  ],
  args: [
    {
      name: 'model',
      summary: 'Exact id of a model; all are listed unless given',
      isOptional: true,
    },
  ],
  options: {
    at: { kind: 'instant', summary: 'The instant that the price is asked for; now unless given' },
    provider: { kind: 'text', value: 'name', summary: 'Only cards of this provider' },
    config: {
      kind: 'path',
      summary:
        'The configuration, for prices of your own; budget-guard.config.json unless given, where ' +
        'it exists',
    },
  },
  examples: [
    { line: 'hardcap prices claude-sonnet-4-6', does: 'the card that calls are priced by now' },
    { line: 'hardcap prices gpt-4o --at 2025-01-01', does: 'the card that was in force then' },
  ],
  no: 'there is no price for the model: calls to it are refused with PRICE_UNKNOWN',
  async run({ options, args: { model } }, world) {
    const { provider, config, at = world.clock() } = options;
    const settings = settingsOf(config, world.cwd);
    const book = createPriceBook({ overrides: settings?.prices });
    const names = namesIn(settings).filter(
      (name) => provider === undefined || name.provider === provider,
    );
    const asked = model === undefined ? names : namesAsked(names, model);
    const cards = asked.flatMap((name) => book.find(name.provider, name.model, at) ?? []);
    const known = names.map((name) => name.model);
    return answerOf({ book, at, settings, model, known, cards });
  },
});

interface Name {
  readonly provider: string;
  readonly model: string;
}

/** Every model that has a card, own or bundled, once. */
function namesIn(settings: GuardSettings | undefined): readonly Name[] {
  const names = new Map<string, Name>();
  for (const { provider, model } of [...(settings?.prices ?? []), ...bundledCards()]) {
    names.set(JSON.stringify([provider, model]), { provider, model });
  }
  return [...names.values()];
}

/** The model under each provider: a dated snapshot is priced as the model that it is of. */
function namesAsked(names: readonly Name[], model: string): readonly Name[] {
  return [...new Set(names.map(({ provider }) => provider))].map((provider) => ({
    provider,
    model,
  }));
}

interface Found {
  readonly book: PriceBook;
  readonly at: EpochMs;
  readonly settings: GuardSettings | undefined;
  readonly model: string | undefined;
  readonly known: readonly string[];
  readonly cards: readonly PriceCard[];
}

function answerOf({ book, at, settings, model, known, cards }: Found): Answer<PricesAnswer> {
  const age = book.ageDays(at);
  const ageMax = settings?.maxPriceAgeDays ?? CONFIG_DEFAULTS.maxPriceAgeDays;
  const json: PricesAnswer = {
    at: new Date(at).toISOString(),
    generated_at: new Date(book.generatedAt).toISOString().slice(0, 10),
    age_days: age,
    is_stale: age > ageMax,
    cards: cards.map(reportCard),
  };
  const stale = json.is_stale
    ? `, older than the ${ageMax} days that the configuration allows`
    : '';
  const source = `Prices of ${json.generated_at}, ${countText(age)} days old${stale}.`;
  return {
    exit: cards.length === 0 ? EXIT.no : EXIT.ok,
    json,
    text: (view) => {
      if (cards.length === 0) return `${missingText(model, known)}\n${source}`;
      const isOne = model !== undefined;
      const shown = isOne ? json.cards.map((card) => cardText(card, view)) : [list(json, view)];
      return [...shown, source].join('\n\n');
    },
  };
}

function missingText(model: string | undefined, known: readonly string[]): string {
  if (model === undefined) return 'There is no price.';
  const nearest = nearestOf(model, known);
  const meant = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  return (
    `There is no price for ${model}: calls to it are refused with PRICE_UNKNOWN.${meant} ` +
    'Set it under `prices` in the configuration.'
  );
}

function reportCard(card: PriceCard): ReportedCard {
  const { longContext, effectiveFrom } = card;
  return {
    provider: card.provider,
    model: card.model,
    effective_from: effectiveFrom === null ? null : new Date(effectiveFrom).toISOString(),
    rates: ratesShown(card.rates),
    long_context:
      longContext === undefined
        ? null
        : {
            above_input_tokens: longContext.aboveInputTokens,
            rates: ratesShown(longContext.rates),
          },
    tiers: (['priority', 'flex', 'batch'] as const).filter((tier) => card[tier] !== undefined),
    fees_pico_usd: { ...card.fees },
    input_tokens_max: card.inputTokensMax ?? null,
    output_tokens_max: card.outputTokensMax ?? null,
    source: card.source,
    is_own: card.isOwn === true,
  };
}

/** A rate of n pico-dollars per token is n millionths of a dollar per million tokens. */
const PICO_PER_MICRO = 1e6;

function ratesShown(rates: Rates): Readonly<Record<string, RateShown>> {
  return Object.fromEntries(
    TOKEN_CLASSES.flatMap((name) => {
      const rate = rates[name];
      if (rate === undefined) return [];
      const shown = { pico_usd_per_token: rate, usd_per_million: rate / PICO_PER_MICRO };
      return [[name, shown] as const];
    }),
  );
}

/** Nano-dollars of a million tokens at this rate: exact, for a text in dollars. */
function perMillion({ pico_usd_per_token: rate }: RateShown): string {
  return usdText(rate * 1_000);
}

function cardText(card: ReportedCard, view: View): string {
  const { paint } = view;
  const from = card.effective_from === null ? 'since ever' : `from ${card.effective_from}`;
  const long = card.long_context;
  const columns = [
    { title: 'class' },
    { title: 'per million tokens', isNumber: true },
    ...(long === null
      ? []
      : [{ title: `above ${countText(long.above_input_tokens)} input`, isNumber: true } as const]),
  ] as const;
  const rows = Object.entries(card.rates).map(([name, rate]) => {
    const above = long?.rates[name];
    return [name, perMillion(rate), ...(above === undefined ? [] : [perMillion(above)])];
  });
  const fees = Object.entries(card.fees_pico_usd).map(
    ([name, pico]) => `${name}: ${usdText(Math.ceil(pico / 1_000))} each`,
  );
  const [input, output] = [card.input_tokens_max, card.output_tokens_max];
  return [
    `${paint.bold(card.model)} of ${card.provider}, ${from}`,
    tableOf(columns, rows, view),
    ...fees,
    ...(card.tiers.length === 0 ? [] : [`own rates at: ${card.tiers.join(', ')}`]),
    ...(input === null ? [] : [`input at most ${countText(input)} tokens`]),
    ...(output === null ? [] : [`output at most ${countText(output)} tokens`]),
    `source: ${card.source}`,
  ].join('\n');
}

function list({ cards }: PricesAnswer, view: View): string {
  const columns = [
    { title: 'provider' },
    { title: 'model' },
    { title: 'input / million', isNumber: true },
    { title: 'output / million', isNumber: true },
    { title: 'from' },
    { title: '' },
  ] as const;
  const rows = cards.map((card) => {
    const [input, output] = [card.rates['input'], card.rates['output']];
    return [
      card.provider,
      card.model,
      input === undefined ? '-' : perMillion(input),
      output === undefined ? '-' : perMillion(output),
      card.effective_from?.slice(0, 10) ?? '',
      card.is_own ? 'own' : '',
    ];
  });
  return tableOf(columns, rows, view);
}
