/** Most models whose ratio is remembered; beyond it new ones stay at 1. */
export const LEARNED_MODELS_MAX = 1024;

/** The largest ratio that is believed; above it the bound, not the estimate, is what is wrong. */
export const LEARNED_RATIO_MAX = 16;

/**
 * Per model, the largest ratio of what the provider counted to what the tight measure said. Only
 * ever raises the tight measure; the hard bound does not know of it.
 */
export class LearnedRatios {
  readonly #ratios = new Map<string, number>();

  /** Takes in one settled attempt. Figures that cannot be meant are left out. */
  observe(
    model: string,
    seen: { readonly realTokens: number; readonly tightTokens: number },
  ): void {
    const ratio = seen.realTokens / seen.tightTokens;
    if (!(ratio > this.factor(model)) || !Number.isFinite(ratio)) return;
    if (!this.#ratios.has(model) && this.#ratios.size >= LEARNED_MODELS_MAX) return;
    this.#ratios.set(model, Math.min(ratio, LEARNED_RATIO_MAX));
  }

  /** What to multiply the model's tight measure with: 1 or more. */
  factor(model: string): number {
    return this.#ratios.get(model) ?? 1;
  }
}
