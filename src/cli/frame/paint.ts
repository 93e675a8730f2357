import type { Paint } from '../command.ts';

/** What decides about colours. */
export interface PaintTerms {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
}

const PLAIN: Paint = {
  bold: same,
  dim: same,
  red: same,
  yellow: same,
  green: same,
  cyan: same,
};

// Select Graphic Rendition, ECMA-48 section 8.3.117.
const COLOURED: Paint = {
  bold: (text) => between(text, '1', '22'),
  dim: (text) => between(text, '2', '22'),
  red: (text) => between(text, '31', '39'),
  yellow: (text) => between(text, '33', '39'),
  green: (text) => between(text, '32', '39'),
  cyan: (text) => between(text, '36', '39'),
};

/**
 * Colours on a terminal only. `NO_COLOR` switches them off and `FORCE_COLOR` on, wherever the text
 * goes; each counts when it is not empty (no-color.org, force-color.org), `FORCE_COLOR=0` is off,
 * and of both `NO_COLOR` wins. `TERM=dumb` is no terminal for colours.
 */
export function paintOf({ env, isTerminal }: PaintTerms): Paint {
  const forced = env['FORCE_COLOR'] ?? '';
  if ((env['NO_COLOR'] ?? '') !== '' || forced === '0') return PLAIN;
  if (forced !== '') return COLOURED;
  return isTerminal && env['TERM'] !== 'dumb' ? COLOURED : PLAIN;
}

function between(text: string, on: string, off: string): string {
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

function same(text: string): string {
  return text;
}
