import type { BudgetGuardConfig } from '../../policy/config.ts';
import { calendarWindow } from '../../policy/calendar.ts';
import { readConfig } from '../../policy/read-config.ts';
import { createPriceBook } from '../../pricing/price-book.ts';
import type { PriceCard } from '../../pricing/price-card.ts';
import type { EpochMs } from '../../units/time.ts';
import type { GuardTerms } from './guarded-run.ts';
import type { Pricing } from './priced.ts';
import type { SimulatedFile } from './read-file.ts';
import { ASSUMED_DURATION, recordedTraffic, resampledTraffic, scenarioTraffic } from './sources.ts';
import { callsPerDay, madeUpCustomers, scaled, type Traffic } from './traffic.ts';

/** The caps and prices that a simulation goes by. */
export interface Ground {
  readonly pricing: Pricing;
  readonly ownCards: readonly PriceCard[];
  /** `undefined`: there are no caps. */
  readonly guard: GuardTerms | undefined;
}

/** From the configuration, on the day that contains `at`: days begin at its midnight. */
export function groundOf(config: BudgetGuardConfig | undefined, at: EpochMs): Ground {
  if (config === undefined) {
    return { pricing: { book: createPriceBook(), at }, ownCards: [], guard: undefined };
  }
  const { prices, timeZone, caps } = readConfig(config);
  const book = createPriceBook({ overrides: prices });
  const { start } = calendarWindow('day', timeZone, at);
  const guard = caps.length === 0 ? undefined : { config, book, start };
  return { pricing: { book, at }, ownCards: prices, guard };
}

/** How much traffic is simulated. */
export interface Scale {
  /** Calls a day; `undefined`: as many as there are. */
  readonly callsPerDay: number | undefined;
  /** Made-up customers in the place of all others; `undefined`: none. */
  readonly customers: number | undefined;
  readonly customerSkew: number;
}

/** What a file says is called, at a scale. Throws `COMMAND_INVALID` for a model without a price. */
export function trafficOf(file: SimulatedFile, pricing: Pricing, scale: Scale): Traffic {
  const { callsPerDay: wanted, customers, customerSkew } = scale;
  const whole = readTraffic(file, pricing, wanted !== undefined || customers !== undefined);
  const traffic = wanted === undefined ? whole : scaled(whole, wanted / callsPerDay(whole));
  if (customers === undefined) return traffic;
  return { ...traffic, customers: madeUpCustomers(customers, customerSkew) };
}

function readTraffic(file: SimulatedFile, pricing: Pricing, isDrawn: boolean): Traffic {
  if (file.kind === 'scenario') return scenarioTraffic(file.scenario, pricing);
  const read = isDrawn ? resampledTraffic : recordedTraffic;
  return read(file.recording, pricing);
}

/** What the figures rest on, for people. */
export function notesOf(file: SimulatedFile, { guard }: Ground, scale: Scale): readonly string[] {
  const { baseMs, perOutputTokenMs } = ASSUMED_DURATION;
  const answers = file.kind === 'recording' ? file.recording.answers : undefined;
  const { customers, customerSkew, callsPerDay: wanted } = scale;
  return [
    ...(answers === undefined
      ? []
      : [`Answers are assumed to be: ${answers}. Prompts are counted at four bytes a token.`]),
    ...(file.kind === 'recording' && wanted === undefined
      ? ['A day is one run of what was recorded; --calls-per-day says how much traffic there is.']
      : []),
    ...(customers === undefined
      ? []
      : [`${customers} customers are made up, their calls by Zipf's law with ${customerSkew}.`]),
    ...(guard === undefined
      ? ['There are no caps: no configuration was found, or it has none.']
      : [
          `Calls are taken to last ${baseMs} ms and ${perOutputTokenMs} ms for each token of ` +
            'their answer, where nothing says how long. ' +
            'A call that would wait for room counts as refused.',
        ]),
  ];
}
