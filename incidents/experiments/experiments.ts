import { bounds } from './bounds.ts';
import { burst } from './burst.ts';
import { holds } from './holds.ts';
import { race } from './race.ts';
import type { Experiment } from './result.ts';
import { saturation } from './saturation.ts';
import { single } from './single.ts';
import type { Sizes } from './sizes.ts';
import { tight } from './tight.ts';
import { underReport } from './under-report.ts';

/** Every experiment, in the order of the page. */
export const EXPERIMENTS: readonly {
  readonly number: number;
  readonly run: (sizes: Sizes, seed: number) => Promise<Experiment>;
}[] = [race, single, tight, bounds, underReport, holds, burst, saturation].map((run, index) => ({
  number: index + 1,
  run,
}));
