import { TOKEN_CLASSES, type TokenClass } from '../../src/meter/usage.ts';
import { ceilRatio, nameOf, TIERS } from './draft.ts';
import type { Draft, DraftRates, Note } from './draft.ts';

/**
 * Fills what the sources leave open, always upward, so that every class that the provider may bill
 * has a rate at every tier and length at which it may bill it.
 *
 * - OpenAI gives some models no discount for cached input and, before GPT-5.6, asks nothing more for
 *   cache writes (https://developers.openai.com/api/docs/guides/prompt-caching): both are then billed
 *   as plain input.
 * - A class without a long-context rate keeps its proportion to input or output.
 * - A class without a priority rate is billed as priority input; one without a flex or batch rate
 *   gets no discount (cached input is then at most the tier's plain input).
 * - Long requests at flex and batch keep the tier's proportion
 *   (https://developers.openai.com/api/docs/models/gpt-5.4-pro: "for standard, batch, and flex").
 *   At priority they are served only where the overlay says so.
 * - The dated snapshot of a model with the same standard rates has the tiers of that model.
 */
export function complete(
  drafts: readonly Draft[],
  longPriority: ReadonlySet<string>,
  note: Note,
): void {
  for (const draft of drafts) if (draft.provider === 'openai') shareTiers(draft, drafts, note);
  for (const draft of drafts) {
    if (draft.provider === 'openai') fillCaches(draft.rates);
    fillLong(draft);
    for (const tier of TIERS) {
      const rates = draft[tier];
      if (rates === undefined) continue;
      if (
        rates.input === undefined ||
        (rates.output === undefined && draft.rates.output !== undefined)
      ) {
        note(`dropped: ${tier} of ${nameOf(draft)} has no input or no output rate`);
        draft[tier] = undefined;
        continue;
      }
      fillTier(draft.rates, rates, tier === 'priority');
      const isLong = tier !== 'priority' || longPriority.has(`${draft.provider}/${draft.model}`);
      if (draft.long !== undefined && isLong) {
        draft.long[tier] = proportional(draft.long.rates, rates, draft.rates);
      }
    }
  }
}

const SNAPSHOT = /-\d{4}-\d{2}-\d{2}$/;

function shareTiers(draft: Draft, drafts: readonly Draft[], note: Note): void {
  if (!SNAPSHOT.test(draft.model)) return;
  const name = draft.model.replace(SNAPSHOT, '');
  const base = drafts.find((one) => one.provider === draft.provider && one.model === name);
  if (base === undefined || !isSame(base.rates, draft.rates)) return;
  for (const tier of TIERS) {
    if (draft[tier] !== undefined || base[tier] === undefined) continue;
    draft[tier] = { ...base[tier] };
    note(`added: ${tier} of ${nameOf(draft)}, as ${base.model} has it`);
  }
}

function isSame(left: DraftRates, right: DraftRates): boolean {
  return left.input === right.input && left.output === right.output;
}

function fillCaches(rates: DraftRates): void {
  if (rates.input === undefined) return;
  rates.cacheRead ??= rates.input;
  rates.cacheWrite5m ??= rates.input;
}

function fillLong(draft: Draft): void {
  const { long, rates } = draft;
  if (long === undefined) return;
  for (const name of TOKEN_CLASSES) {
    const side = sideOf(name);
    const [rate, over, under] = [rates[name], long.rates[side], rates[side]];
    if (long.rates[name] !== undefined || rate === undefined) continue;
    if (over !== undefined && under !== undefined)
      long.rates[name] = ceilRatio(rate, { over, under });
  }
}

function fillTier(base: DraftRates, tier: DraftRates, isDearer: boolean): void {
  for (const name of ['cacheRead', 'cacheWrite5m', 'cacheWrite1h'] as const) {
    const rate = base[name];
    if (rate === undefined || tier[name] !== undefined) continue;
    const [over, under] = [tier.input, base.input];
    if (!isDearer) tier[name] = rate === base.input ? (tier.input ?? rate) : rate;
    else if (name === 'cacheRead') tier[name] = tier.input ?? rate;
    else if (over !== undefined && under !== undefined)
      tier[name] = ceilRatio(rate, { over, under });
  }
  if (isDearer) return;
  for (const name of TOKEN_CLASSES) {
    const rate = base[name];
    if (rate !== undefined) tier[name] ??= rate;
  }
  if (tier.cacheRead !== undefined && tier.input !== undefined) {
    tier.cacheRead = Math.min(tier.cacheRead, tier.input);
  }
}

/** `rates` times `over / under`, class by class. */
function proportional(rates: DraftRates, over: DraftRates, under: DraftRates): DraftRates {
  const result: DraftRates = {};
  for (const name of TOKEN_CLASSES) {
    const [rate, top, bottom] = [rates[name], over[name], under[name]];
    if (rate === undefined || top === undefined || bottom === undefined) continue;
    result[name] = bottom === 0 ? rate : ceilRatio(rate, { over: top, under: bottom });
  }
  return result;
}

function sideOf(name: TokenClass): 'input' | 'output' {
  return /output/i.test(name) ? 'output' : 'input';
}
