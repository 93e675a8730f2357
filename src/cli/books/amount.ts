import type { OptionValues } from '../command.ts';
import { countText, usdText } from './money.ts';

/** Options of an amount: money in dollars, and counts. */
export const AMOUNT_OPTIONS = {
  usd: { kind: 'usd', summary: 'Dollars, no finer than a nano-dollar' },
  tokens: { kind: 'count', summary: 'Tokens' },
  calls: { kind: 'count', summary: 'Calls: physical requests' },
} as const;

/** What was said of an amount, in the units of `operations`. */
export interface SaidAmount {
  readonly nano_usd?: number;
  readonly tokens?: number;
  readonly calls?: number;
}

/** The amount that the options say, with `sign`; what was not said is left out. */
export function amountOf(
  { usd, tokens, calls }: OptionValues<typeof AMOUNT_OPTIONS>,
  sign: 1 | -1 = 1,
): SaidAmount {
  return {
    ...(usd === undefined ? {} : { nano_usd: sign * usd }),
    ...(tokens === undefined ? {} : { tokens: sign * tokens }),
    ...(calls === undefined ? {} : { calls: sign * calls }),
  };
}

/** `$5.00 and 100 calls`. */
export function amountText({ nano_usd: nano, tokens, calls }: SaidAmount): string {
  return [
    ...(nano === undefined ? [] : [usdText(nano)]),
    ...(tokens === undefined ? [] : [`${countText(tokens)} tokens`]),
    ...(calls === undefined ? [] : [`${countText(calls)} calls`]),
  ].join(' and ');
}
