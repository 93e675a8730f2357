import type { Usage } from '../meter/usage.ts';
import { addTokens, TOKENS_ZERO, type Tokens } from '../units/count.ts';

/**
 * How many answers are remembered; the oldest is forgotten first, and is then refused, not guessed.
 */
export const HISTORY_MAX = 10_000;

/**
 * What each answer's conversation amounts to, by the id that a later request continues from: every
 * token that went in and came out, as the provider billed it. A bound on the history for the same
 * model only, since another may count the same text otherwise.
 */
export class HistoryMemory {
  readonly #tokens = new Map<string, Tokens>();

  /** Remembers one answer. Answers in which other models took part have no single count. */
  remember(answer: {
    readonly provider: string;
    readonly model: string;
    readonly id: string;
    readonly usage: Usage;
  }): void {
    const [line, ...others] = answer.usage.lines;
    if (line === undefined || others.length > 0) return;
    let total = TOKENS_ZERO;
    for (const count of Object.values(line.tokens)) total = addTokens(total, count ?? TOKENS_ZERO);
    this.#tokens.set(keyOf(answer), total);
    const oldest = this.#tokens.size > HISTORY_MAX ? this.#tokens.keys().next().value : undefined;
    if (oldest !== undefined) this.#tokens.delete(oldest);
  }

  /** The remembered count, or `undefined`: unknown. */
  tokensOf(answer: {
    readonly provider: string;
    readonly model: string;
    readonly id: string;
  }): Tokens | undefined {
    return this.#tokens.get(keyOf(answer));
  }
}

function keyOf({ provider, model, id }: { provider: string; model: string; id: string }): string {
  return JSON.stringify([provider, model, id]);
}
