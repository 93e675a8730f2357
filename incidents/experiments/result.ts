/** A row of cells. */
export type Row = readonly string[];

/** A table as the page shows it. */
export interface Table {
  readonly caption: string;
  readonly head: Row;
  readonly rows: readonly Row[];
}

/** One thing that must be shown, and whether this run shows it. */
export interface Must {
  readonly what: string;
  readonly isShown: boolean;
}

/** What one experiment came to. */
export interface Experiment {
  /** Its number on the page. */
  readonly number: number;
  readonly title: string;
  /** Numbers of the published experiments that it repeats; empty: there is none. */
  readonly repeats: readonly number[];
  /** What was done, in Markdown. */
  readonly setUp: string;
  readonly tables: readonly Table[];
  /** What the figures mean and where they come from, in Markdown. */
  readonly notes: readonly string[];
  readonly musts: readonly Must[];
  /** Every figure, for `--json`. */
  readonly figures: unknown;
}

/** A run of all experiments. */
export interface Report {
  readonly seed: number;
  readonly date: string;
  readonly seconds: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly experiments: readonly Experiment[];
}

/** The mean; 0 of nothing. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}

/** The sum. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** `3 of 10`. */
export function of(part: number, whole: number): string {
  return `${part} of ${whole}`;
}

/** A number with thousands apart and so many digits after the point. */
export function figure(value: number, digits = 0): string {
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** `2 to 4`, or one of them where they are the same. */
export function span(values: readonly number[], digits = 0): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const [low, high] = [figure(least, digits), figure(most, digits)];
  return low === high ? low : `${low} to ${high}`;
}
