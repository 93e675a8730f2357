import { createPriceBook, type PriceBook } from '../../../pricing/price-book.ts';
import { CONFIG_DEFAULTS } from '../../../policy/read-config.ts';
import { modelsOf, type NamedModel } from '../code/spending.ts';
import {
  NO_MODELS,
  WHOLE,
  spends,
  type Evidence,
  type Finding,
  type Point,
  type Terms,
} from '../point.ts';
import type { Place, Project } from '../project.ts';
import { configPlace } from './caps.ts';

/** 7. Every model that is asked has a price, and the prices are not old. */
export const PRICES: Point = {
  id: 'prices',
  title: 'Every model has a price that is not old',
  why:
    'A model without a price card is refused before the call, and a price that is old books less ' +
    'than is billed.',
  looksAt: [
    'Each model named in code and in `fallback`, against the price book of this version ' +
      'of hardcap with your `prices` over it',
    'The age of the price book, against `maxPriceAgeDays`',
    'Prices of your own without a `source`',
  ],
  mend: 'Update hardcap, or set the price with its source under `prices`.',
  judge(project, terms) {
    if (!spends(project)) return NO_MODELS;
    const book = bookOf(project);
    const read = project.code.filter(({ isTest }) => !isTest);
    const asked = read.flatMap((file) =>
      modelsOf(file).map((model) => ({
        model,
        place: { file: file.path, line: file.source.line(model.at) },
      })),
    );
    return {
      kind: 'judged',
      findings: [
        ...asked.flatMap(({ model, place }) => unpriced(book, { model, place, terms })),
        ...age(project, book, terms),
        ...unsourced(project),
      ],
      evidence: evidenceOf(book, asked, terms),
    };
  },
};

/** The bundled prices with those of every configuration before them. */
export function bookOf({ guards }: Project): PriceBook {
  const overrides = guards.flatMap(({ config }) => {
    return config.kind === 'settings' ? config.settings.prices : [];
  });
  return createPriceBook({ overrides });
}

/** Providers of which hardcap has prices. */
const PRICED = new Set(['anthropic', 'openai']);

function unpriced(
  book: PriceBook,
  asked: { readonly model: NamedModel; readonly place: Place; readonly terms: Terms },
): Finding[] {
  const {
    model: { model, provider },
    place,
    terms,
  } = asked;
  if (provider === undefined || !PRICED.has(provider)) return [];
  if (book.find(provider, model, terms.now) !== undefined) return [];
  const what = `there is no price for ${provider} ${model}: each call of it is refused`;
  return [
    {
      level: 'fail',
      place,
      what,
      mend: 'correct the name, update hardcap, or set its price under `prices`',
    },
  ];
}

function age({ guards }: Project, book: PriceBook, { now }: Terms): Finding[] {
  const days = book.ageDays(now);
  const maxima = guards.map(({ config }) =>
    config.kind === 'settings' ? config.settings.maxPriceAgeDays : CONFIG_DEFAULTS.maxPriceAgeDays,
  );
  const most = Math.min(CONFIG_DEFAULTS.maxPriceAgeDays, ...maxima);
  if (days <= most) return [];
  const what = `the price book is ${days} days old, and ${most} are allowed`;
  return [{ level: 'fail', place: WHOLE, what, mend: 'update hardcap' }];
}

function unsourced({ guards }: Project): Finding[] {
  return guards.flatMap((guard) => {
    const prices = guard.config.kind === 'settings' ? guard.config.settings.prices : [];
    return prices
      .filter(({ source }) => source === 'configuration')
      .map(({ model }) => ({
        level: 'warn',
        place: configPlace(guard, model),
        what: `the price of ${model} does not say where it comes from`,
        mend: 'add `source`, with its date',
      }));
  });
}

function evidenceOf(
  book: PriceBook,
  asked: readonly { readonly model: NamedModel; readonly place: Place }[],
  { now }: Terms,
): Evidence[] {
  const date = new Date(book.generatedAt).toISOString().slice(0, 10);
  const own = { place: WHOLE, what: `price book of ${date}, ${book.ageDays(now)} days old` };
  const priced = asked.flatMap(({ model: { model, provider }, place }) => {
    const card = provider === undefined ? undefined : book.find(provider, model, now);
    return card === undefined ? [] : [{ place, what: `${model}: ${card.source.split(';')[0]}` }];
  });
  return [own, ...priced];
}
