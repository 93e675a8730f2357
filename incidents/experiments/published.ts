/** One figure that the paper's experiments gave. */
export interface Published {
  /** Its number below; the paper and its artifact do not number all of them. */
  readonly experiment: number;
  readonly setting: string;
  readonly result: string;
  readonly mark: Mark;
}

/** Where a figure was read. */
export type Mark = 'A' | 'R' | 'C';

/** What the marks mean. */
export const MARKS: Readonly<Record<Mark, string>> = {
  A: 'abstract and opening of the paper',
  R: "the author's artifact repositories (`sajjadanwar0/token-budgets` and those beside it)",
  C: 'computed here from the data in those repositories',
};

/** The paper. */
export const SOURCE =
  'Sajjad Khan, “Token Budgets: An Empirical Catalog of 63 LLM-Agent Budget-Overrun Incidents, with an Affine-Typed Rust Mitigation as a Case Study”, ' +
  '[arXiv 2606.04056](https://arxiv.org/abs/2606.04056), 2 June 2026';

const LOOP = 'a growing loop (LANG-001), gpt-4o, cap 540, 30 runs each';
const RACE = 'Haiku, T = 0, 3 children in parallel, 30 runs each';

/** Their figures, as they were published. */
export const PUBLISHED: readonly Published[] = [
  {
    experiment: 1,
    setting: `LangGraph alone, ${LOOP}`,
    result: '30 of 30 over, 4,103 to 14,911 spent',
    mark: 'R',
  },
  {
    experiment: 1,
    setting: `LangGraph with a guard callback, ${LOOP}`,
    result: '30 of 30 over, 970 to 980 spent',
    mark: 'R',
  },
  {
    experiment: 1,
    setting: `their crate, ${LOOP}`,
    result: '0 of 30 over, 0 calls made',
    mark: 'R',
  },
  {
    experiment: 5,
    setting: 'single agent: a counter of four lines with the same estimator',
    result: '0 of 30 over, the same as the crate',
    mark: 'A',
  },
  {
    experiment: 6,
    setting: `A: check, call, record; ${RACE}, cap 60`,
    result: '30 of 30 over, 69 spent',
    mark: 'R',
  },
  {
    experiment: 6,
    setting: `B: lock and reservation; ${RACE}, cap 60`,
    result: '0 of 30 over, 23 spent, 1 of 3 admitted',
    mark: 'R',
  },
  {
    experiment: 6,
    setting: `C: split, in Rust; ${RACE}, cap 60`,
    result: '0 of 30 over, 0 spent, nobody admitted',
    mark: 'R',
  },
  {
    experiment: 6,
    setting: `D: split, in Rust; ${RACE}, cap 100`,
    result: '0 of 30 over, 69 spent, 3 of 3 admitted',
    mark: 'R',
  },
  {
    experiment: 6,
    setting: `E: shared mutex with reservation, in Rust; ${RACE}`,
    result: '0 of 30 over, 1 spent, 1 of 3 admitted',
    mark: 'R',
  },
  {
    experiment: 7,
    setting: '80 runs with a tight cap (11,000 / 420), three turns, 500 output tokens at most',
    result: '0 of 80 over; 80 of 80 stopped after the first call',
    mark: 'R',
  },
  {
    experiment: 7,
    setting: 'the same: use of the cap',
    result: '14 to 18 %',
    mark: 'C',
  },
  {
    experiment: 7,
    setting: 'the same jobs with a roomy cap: what three calls truly cost',
    result: '7,352 on average, at most 8,814 (265, at most 326): all 80 would have fitted',
    mark: 'C',
  },
  {
    experiment: 9,
    setting: '7 adversarial prompt classes, 35 runs, bytes x 1.05',
    result: 'fails 10 of 35 (nested tool schemas need 1.875x, dense Unicode descriptions 1.24x)',
    mark: 'R',
  },
  {
    experiment: 9,
    setting: 'the same, bytes x 2.0',
    result:
      'holds in 30 of 30 cells; 100 of 100 held-out prompts, estimate / actual 9.97 (8.1 to 11.1)',
    mark: 'C',
  },
  {
    experiment: 10,
    setting: '5,190 live calls, reserved / actual',
    result: 'mean 6.20, median 2.51',
    mark: 'R',
  },
  {
    experiment: 10,
    setting: 'adversarial corpus, median effective margin',
    result: '3.92 static, 2.11 adaptive',
    mark: 'R',
  },
  {
    experiment: 11,
    setting: 'under-reporting by k, 1,000 sessions each, cap 2,000',
    result:
      'k = 1: 0 over; k = 2: 666 over, by 13.9 %; k = 5: 1,000 over, by 138 %; k = 10: 1,000 over, by 354 %',
    mark: 'R',
  },
];
