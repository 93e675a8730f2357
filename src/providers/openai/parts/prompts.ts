import type { BodyTally } from '../../../estimate/body-tokens.ts';

/**
 * Measures the `prompt` of legacy completions or the `input` of embeddings, and returns how many
 * prompts it holds: a string or an array of token ids is one, an array of these is as many.
 */
export function tallyPrompts(tally: BodyTally, value: unknown): number {
  if (!Array.isArray(value)) {
    tally.value(value, false);
    return 1;
  }
  const list = value as readonly unknown[];
  if (list.length === 0 || typeof list[0] === 'number') {
    tallyIds(tally, list);
    return 1;
  }
  for (const prompt of list) {
    tally.frame();
    if (Array.isArray(prompt)) tallyIds(tally, prompt);
    else tally.value(prompt, false);
  }
  return list.length;
}

/** Token ids are tokens already, one each; anything else among them is measured as it stands. */
function tallyIds(tally: BodyTally, ids: readonly unknown[]): void {
  for (const id of ids) {
    if (typeof id === 'number') tally.size += 1;
    else tally.value(id, false);
  }
}
