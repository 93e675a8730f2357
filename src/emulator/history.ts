/** The most conversations that the provider keeps; the oldest goes first. */
const HISTORY_MAX = 10_000;

/** Keeps how many tokens a conversation has, under the id of its last answer. */
export function remember(history: Map<string, number>, id: string, tokens: number): void {
  history.set(id, tokens);
  const oldest = history.size > HISTORY_MAX ? history.keys().next().value : undefined;
  if (oldest !== undefined) history.delete(oldest);
}
