import type { Comparison } from './compare.ts';
import type { Forecast } from './forecast.ts';

/** Why the answer is no. */
export interface Failing {
  readonly reason: 'cost-increased' | 'cap-binds' | 'command-failed' | 'connection-stopped';
  /** One sentence for people. */
  readonly message: string;
}

/** What a dry run came to. */
export interface DryRunSummary {
  readonly calls: number;
  /** The emulator's own bill. */
  readonly billed_nano_usd: number;
  readonly billed_nano_usd_by_model: Readonly<Record<string, number>>;
  /** `null`: a signal ended the command. */
  readonly exit_code: number | null;
  readonly stopped_hosts: readonly string[];
}

/** Everything that `hardcap simulate` answers, as its `--json`. */
export interface SimulationAnswer {
  readonly kind: 'hardcap-simulation';
  readonly version: 1;
  /** What was simulated: a command or a file. */
  readonly source: string;
  /** `null`: nothing was run. */
  readonly dry_run: DryRunSummary | null;
  readonly forecast: Forecast;
  /** `null`: there was no baseline to compare with. */
  readonly comparison: Comparison | null;
  /** Empty: the answer is yes. */
  readonly failing: readonly Failing[];
  /** What the figures rest on and do not say by themselves. */
  readonly notes: readonly string[];
}
