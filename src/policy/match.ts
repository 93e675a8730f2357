/**
 * Tells whether a value matches `pattern`, where `*` stands for any characters, none included.
 * Letter case counts. Each answer takes time linear in the value for every piece between stars.
 */
export function matcher(pattern: string): (value: string) => boolean {
  const pieces = pattern.split('*');
  const first = pieces[0] ?? '';
  if (pieces.length === 1) return (value) => value === pattern;
  const last = pieces[pieces.length - 1] ?? '';
  const between = pieces.slice(1, -1);
  return (value) => {
    if (value.length < first.length + last.length) return false;
    if (!value.startsWith(first) || !value.endsWith(last)) return false;
    return between.length === 0 || comesInOrder(value, between, [first.length, last.length]);
  };
}

/** Whether the pieces follow one another in `value`, outside of its first and last characters. */
function comesInOrder(
  value: string,
  pieces: readonly string[],
  [head, tail]: readonly [number, number],
): boolean {
  let from = head;
  for (const piece of pieces) {
    const found = value.indexOf(piece, from);
    if (found === -1 || found + piece.length > value.length - tail) return false;
    from = found + piece.length;
  }
  return true;
}

/** Why a pattern cannot be meant, and what could be. */
export interface MatchFault {
  readonly reason: string;
  readonly nearest: string | undefined;
}

/** What is wrong with a pattern; `undefined` when it is fine. */
export function matchFault(pattern: string): MatchFault | undefined {
  const trimmed = pattern.trim();
  if (trimmed === '') {
    return { reason: 'must name a value, or leave `match` out for all values', nearest: '"*"' };
  }
  if (trimmed !== pattern) return fault('has white space around it', trimmed);
  if (/\*{2}/.test(pattern)) {
    return fault('one `*` stands for any characters', pattern.replace(/\*+/g, '*'));
  }
  const regular = /^\/(.*)\/[a-z]*$|^\^(.*?)\$?$|^(.+)\$$/s.exec(pattern);
  if (regular !== null) {
    const inner = regular[1] ?? regular[2] ?? regular[3] ?? '';
    const plain = inner.replace(/^\^|\$$/g, '').replace(/\.\*/g, '*');
    return fault('is not a regular expression; `*` stands for any characters', plain || '*');
  }
  if (/\{[^}]*,[^}]*\}/.test(pattern)) {
    const first = pattern.replace(/\{([^},]*),[^}]*\}/g, '$1');
    return fault('has no alternatives in braces; write one cap for each', first);
  }
  return undefined;
}

function fault(reason: string, nearest: string): MatchFault {
  return { reason, nearest: JSON.stringify(nearest) };
}
