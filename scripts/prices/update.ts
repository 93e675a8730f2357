/**
 * Builds `src/pricing/data/cards.ts` and `docs/reference/prices.md`.
 *
 * `npm run prices:update -- [--litellm FILE] [--models-dev FILE] [--generated-at YYYY-MM-DD] [--accept]`
 *
 * `--litellm` and `--models-dev` take newer full copies of the two files; what is needed of them is
 * kept under `sources/`. The same sources give the same bytes. Exits 1, and writes nothing, when more
 * than a quarter of the cards change, unless `--accept` is given.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { PRICE_DATA } from '../../src/pricing/data/cards.ts';
import { allCards } from '../../src/pricing/data-reader.ts';
import type { PriceCard } from '../../src/pricing/price-card.ts';
import { complete } from './complete.ts';
import type { Draft } from './draft.ts';
import { docsOf } from './docs.ts';
import { dataOf, moduleOf } from './emit.ts';
import { joinSources } from './join.ts';
import { applyOverlay, readOverlay } from './overlay.ts';
import { readSources, reduceSource, type Manifest } from './sources.ts';
import { faultsOf } from './validate.ts';

const CHANGED_SHARE_MAX = 0.25;
const FIELDS = [
  'rates',
  'longContext',
  'priority',
  'flex',
  'batch',
  'fast',
  'geos',
  'fees',
  'inputTokensMax',
  'outputTokensMax',
] as const;
const CARDS = new URL('../../src/pricing/data/cards.ts', import.meta.url);
const DOCS = new URL('../../docs/reference/prices.md', import.meta.url);

const { values: options } = parseArgs({
  options: {
    litellm: { type: 'string' },
    'models-dev': { type: 'string' },
    'generated-at': { type: 'string' },
    accept: { type: 'boolean', default: false },
  },
});
const note = (line: string): void => console.log(line);

if (options.litellm !== undefined) reduceSource('litellm', options.litellm);
if (options['models-dev'] !== undefined) reduceSource('models-dev', options['models-dev']);
const sources = await readSources();
const overlaid = applyOverlay(joinSources(sources, note), readOverlay(), note);
complete(overlaid.drafts, overlaid.longPriority, note);
const of = {
  generatedAt: options['generated-at'] ?? sources.manifest.genai.date,
  sourceNames: sourceNames(sources.manifest),
};
const data = dataOf(withoutFaults(overlaid.drafts), of);
const before = allCards(PRICE_DATA);
const after = allCards(data);
const share = printChanges(before, after);
if (before.length > 0 && share > CHANGED_SHARE_MAX && !options.accept) {
  console.error(`${percent(share)} of the cards change: look at the list, then run with --accept.`);
  process.exitCode = 1;
} else {
  writeFileSync(CARDS, moduleOf(data));
  writeFileSync(DOCS, docsOf(after, data));
  console.log(`wrote ${after.length} cards of ${new Set(after.map(nameOfCard)).size} models`);
}

/** Drops what a rule finds implausible: a tier or the long rates alone where that mends it. */
function withoutFaults(drafts: readonly Draft[]): readonly Draft[] {
  return drafts.filter((draft) => {
    for (const part of ['priority', 'flex', 'batch', undefined] as const) {
      const [card] = allCards(dataOf([draft], of));
      const faults = card === undefined ? ['no card'] : faultsOf(card);
      if (faults.length === 0) return true;
      if (part === undefined)
        note(`DROPPED ${draft.provider}/${draft.model}: ${faults.join('; ')}`);
      else if (draft[part] !== undefined && faults.some((fault) => fault.startsWith(part))) {
        note(`DROPPED ${part} of ${draft.provider}/${draft.model}: ${faults.join('; ')}`);
        draft[part] = undefined;
        if (draft.long !== undefined) delete draft.long[part];
      }
    }
    return false;
  });
}

/** Prints what is added, removed and changed; returns the changed share of the cards before. */
function printChanges(before: readonly PriceCard[], after: readonly PriceCard[]): number {
  const old = new Map(before.map((card) => [nameOfCard(card) + String(card.effectiveFrom), card]));
  let changed = 0;
  for (const card of after) {
    const key = nameOfCard(card) + String(card.effectiveFrom);
    const previous = old.get(key);
    old.delete(key);
    if (previous === undefined) console.log(`+ ${nameOfCard(card)}`);
    else {
      const differences = differencesOf(previous, card);
      if (differences.length > 0) console.log(`~ ${nameOfCard(card)}: ${differences.join(', ')}`);
      if (differences.length > 0) changed += 1;
    }
  }
  for (const card of old.values()) console.log(`- ${nameOfCard(card)}`);
  return before.length === 0 ? 0 : (changed + old.size) / before.length;
}

function differencesOf(left: PriceCard, right: PriceCard): readonly string[] {
  const differences: string[] = [];
  for (const field of FIELDS) {
    if (JSON.stringify(left[field]) === JSON.stringify(right[field])) continue;
    const [was, is] = [left.rates.input ?? 0, right.rates.input ?? 0];
    const by =
      field === 'rates' && was > 0 && was !== is ? ` (input ${percent(is / was - 1)})` : '';
    differences.push(`${field}${by}`);
  }
  return differences;
}

function nameOfCard(card: PriceCard): string {
  return `${card.provider}/${card.model}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function sourceNames({ genai, litellm }: Manifest): Readonly<Record<string, string>> {
  return {
    'genai-prices': `@pydantic/genai-prices ${genai.version} (${genai.date})`,
    LiteLLM: `LiteLLM (${litellm.date})`,
  };
}
