const NANO_PER_USD = 1e9;
const DIGITS = 3;
const DECIMALS_MAX = 9;

/** An amount for people: cents from a dollar up, three digits below: `$12.34`, `$0.0123`. */
export function forecastUsd(nano: number): string {
  const sign = nano < 0 ? '-' : '';
  const usd = Math.abs(nano) / NANO_PER_USD;
  if (usd >= 1 || nano === 0) return `${sign}$${grouped(usd.toFixed(2))}`;
  const leading = Math.max(0, -Math.floor(Math.log10(usd)) - 1);
  return `${sign}$${usd.toFixed(Math.min(DECIMALS_MAX, leading + DIGITS))}`;
}

/** Calls a day for people: whole ones, and below ten with a decimal. */
export function callsText(calls: number): string {
  if (Number.isInteger(calls) || calls >= 10) return grouped(calls.toFixed(0));
  return calls.toFixed(calls < 0.1 ? 3 : 1);
}

/** The same with its noun: `1 call a day`, `3,400 calls a day`. */
export function dailyCalls(calls: number): string {
  return `${callsText(calls)} ${calls === 1 ? 'call' : 'calls'} a day`;
}

/** How much more it is, in percent: `+12.3 %`; `new` and `gone` where a side is missing. */
export function increaseText(before: number | undefined, after: number | undefined): string {
  if (before === undefined) return 'new';
  if (after === undefined) return 'gone';
  if (before === after) return '0.0 %';
  if (before === 0) return 'from nothing';
  const percent = ((after - before) / before) * 100;
  return `${percent > 0 ? '+' : ''}${percent.toFixed(1)} %`;
}

/** The same part of a whole: `3.4 %`. */
export function shareText(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
