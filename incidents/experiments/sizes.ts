/** How much of everything is run. */
export interface Sizes {
  readonly raceChildren: readonly number[];
  readonly raceRuns: number;
  readonly singleRuns: number;
  /** Runs for each model and temperature. */
  readonly tightRuns: number;
  readonly boundPrompts: number;
  readonly underReportSessions: number;
  readonly heldCalls: number;
  /** How many of the settings are compared, the closest first. */
  readonly heldSettings: number;
  readonly burstCalls: number;
  readonly saturationRuns: number;
  readonly saturationUsd: number;
}

/** As the page has them. */
export const FULL: Sizes = {
  raceChildren: [3, 8, 32],
  raceRuns: 10,
  singleRuns: 30,
  tightRuns: 10,
  boundPrompts: 5,
  underReportSessions: 20,
  heldCalls: 400,
  heldSettings: 6,
  burstCalls: 200,
  saturationRuns: 3,
  saturationUsd: 1,
};

/** Enough to assert the same things in a test. */
export const SMALL: Sizes = {
  raceChildren: [3, 8],
  raceRuns: 1,
  singleRuns: 2,
  tightRuns: 10,
  boundPrompts: 1,
  underReportSessions: 1,
  heldCalls: 400,
  heldSettings: 1,
  burstCalls: 200,
  saturationRuns: 1,
  saturationUsd: 1,
};
