import { readFileSync } from 'node:fs';
import type { FeeKind, TokenClass } from '../../src/meter/usage.ts';
import { picoUsdFromUsd, picoUsdFromUsdPerMillion } from '../../src/units/money.ts';
import { emptyDraft, nameOf, readRatio, TIERS, timesRates } from './draft.ts';
import type { Draft, DraftRates, Note, Tier } from './draft.ts';

type UsdRates = Partial<Record<TokenClass, string>>;

/** One hand-checked correction or addition, with where and when it was read. */
export interface OverlayRow extends Partial<Record<Tier, OverlayTier>> {
  readonly provider: string;
  /** Exact ids, or `*` for every model of the provider that there is by then. */
  readonly models: readonly string[] | '*';
  /** Starts a new dated card as a copy of the newest; left out: changes every dated card. */
  readonly from?: string;
  readonly usdPerMillion?: UsdRates;
  readonly longContext?: { readonly aboveInputTokens: number; readonly usdPerMillion: UsdRates };
  /** Long requests are served at priority, at the same proportion to the long rates. */
  readonly isPriorityLong?: boolean;
  readonly fast?: string;
  readonly geos?: Readonly<Record<string, string>>;
  readonly usdPerUse?: Partial<Record<FeeKind, string>>;
  readonly neverBilled?: readonly TokenClass[];
  readonly inputTokensMax?: number;
  readonly outputTokensMax?: number;
  /** Leaves the models out, with the reason. */
  readonly drop?: string;
  readonly source: string;
  /** `YYYY-MM-DD` on which the source said so. */
  readonly checked: string;
}

interface OverlayTier {
  readonly usdPerMillion?: UsdRates;
  /** Every class at this proportion to the standard rate. */
  readonly ratio?: string;
}

/** The checked-in overlay, in the order in which it applies. */
export function readOverlay(): readonly OverlayRow[] {
  const text = readFileSync(new URL('overlay.json', import.meta.url), 'utf8');
  return JSON.parse(text) as readonly OverlayRow[];
}

/** Applies the overlay in order; returns the drafts and the names whose long requests have priority. */
export function applyOverlay(
  drafts: readonly Draft[],
  rows: readonly OverlayRow[],
  note: Note,
): { readonly drafts: Draft[]; readonly longPriority: ReadonlySet<string> } {
  let all = [...drafts];
  const longPriority = new Set<string>();
  for (const row of rows) {
    if (row.source === '' || !/^\d{4}-\d{2}-\d{2}$/.test(row.checked)) {
      throw new Error(`overlay row for ${String(row.models)}: no source or no date`);
    }
    for (const model of modelsOf(row, all)) {
      const id = `${row.provider}/${model}`;
      if (row.drop !== undefined) {
        note(`left out ${id}: ${row.drop} (${row.source})`);
        all = all.filter((draft) => `${draft.provider}/${draft.model}` !== id);
        continue;
      }
      if (row.isPriorityLong === true) longPriority.add(id);
      for (const draft of draftsToChange(row, model, all)) {
        patch(draft, row);
        if (row.models !== '*') note(`overlay: ${nameOf(draft)} (${row.source}, ${row.checked})`);
      }
    }
  }
  return { drafts: all, longPriority };
}

function modelsOf(row: OverlayRow, drafts: readonly Draft[]): readonly string[] {
  if (row.models !== '*') return row.models;
  const models = drafts
    .filter((draft) => draft.provider === row.provider)
    .map(({ model }) => model);
  return [...new Set(models)];
}

/** The dated drafts that a row changes; new ones are put into `all`, newest first. */
function draftsToChange(row: OverlayRow, model: string, all: Draft[]): readonly Draft[] {
  const first = all.findIndex((one) => one.provider === row.provider && one.model === model);
  const newest = all[first];
  if (newest === undefined) {
    if (row.usdPerMillion?.input === undefined) {
      throw new Error(`overlay: ${row.provider}/${model} is in no source and the row has no price`);
    }
    const draft = emptyDraft(row.provider, model, row.from ?? null);
    all.push(draft);
    return [draft];
  }
  if (row.from === undefined) {
    return all.filter((one) => one.provider === row.provider && one.model === model);
  }
  const dated: Draft = { ...structuredClone(newest), from: row.from };
  all.splice(first, 0, dated);
  return [dated];
}

function patch(draft: Draft, row: OverlayRow): void {
  Object.assign(draft.rates, picoRates(row.usdPerMillion ?? {}));
  if (row.longContext !== undefined) {
    const rates = picoRates(row.longContext.usdPerMillion);
    draft.long = { above: row.longContext.aboveInputTokens, rates };
  }
  for (const tier of TIERS) {
    const change = row[tier];
    if (change?.ratio !== undefined) draft[tier] = timesRates(draft.rates, readRatio(change.ratio));
    else if (change?.usdPerMillion !== undefined) draft[tier] = picoRates(change.usdPerMillion);
  }
  if (row.fast !== undefined) draft.fast = readRatio(row.fast);
  for (const [geo, ratio] of Object.entries(row.geos ?? {})) draft.geos[geo] = readRatio(ratio);
  for (const [kind, usd] of Object.entries(row.usdPerUse ?? {})) {
    draft.fees[kind as FeeKind] = exact(picoUsdFromUsd(usd), usd);
  }
  draft.neverBilled.push(...(row.neverBilled ?? []));
  draft.inputTokensMax = row.inputTokensMax ?? draft.inputTokensMax;
  draft.outputTokensMax = row.outputTokensMax ?? draft.outputTokensMax;
  draft.sources.push(`${row.source} (${row.checked})`);
}

function picoRates(usd: UsdRates): DraftRates {
  const entries = Object.entries(usd).map(([name, value]) => [
    name,
    exact(picoUsdFromUsdPerMillion(value), value),
  ]);
  return Object.fromEntries(entries) as DraftRates;
}

function exact(pico: number | undefined, usd: string): number {
  if (pico === undefined) throw new Error(`overlay: $${usd} is not a whole number of pico-dollars`);
  return pico;
}
