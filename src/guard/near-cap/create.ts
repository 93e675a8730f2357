import { tokenizerSizer, type Tokenizer } from '../../estimate/tokenizer.ts';
import { HardcapError } from '../../errors/error.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Schedule } from '../../ledger/leases/ports.ts';
import type { Policy } from '../../policy/plan.ts';
import type { GuardSettings } from '../../policy/read-config.ts';
import type { PriceBook } from '../../pricing/price-book.ts';
import type { Clock } from '../../units/time.ts';
import type { Desk } from '../desk.ts';
import { asExpected } from '../expect/apply.ts';
import { quoteFacts, type ProviderAssumptions } from '../quote.ts';
import { sharedOf } from '../shared.ts';
import { InputMeasure, tightMeasure } from '../tight.ts';
import { NearCap } from './near-cap.ts';
import { WaitingRoom } from './waiting-room.ts';

const systemNow = () => performance.now();

/** Timers that keep the process alive: somebody awaits what they bring. */
const lastingSchedule: Schedule = (ms, fn) => {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
};

/** The waiting room of one guard. */
export function createWaitingRoom({
  ledger,
  clock,
  settings,
  schedule,
}: {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly settings: GuardSettings;
  readonly schedule: Schedule | undefined;
}): WaitingRoom {
  return new WaitingRoom({
    clock,
    // Whoever owns the timers owns the time that they measure.
    now: schedule === undefined ? systemNow : clock,
    schedule: schedule ?? lastingSchedule,
    waitersMax: settings.waitersMax,
    isShared: sharedOf(ledger) !== undefined,
  });
}

/** What a guard hands on to its strategies. */
export interface NearCapParts {
  readonly ledger: Ledger;
  readonly book: PriceBook;
  readonly clock: Clock;
  readonly room: WaitingRoom;
  readonly desk: Desk;
  readonly newId: () => string;
  readonly settings: GuardSettings;
  readonly policy: Policy;
  readonly assumptions: ProviderAssumptions;
  readonly tokenizer: Tokenizer | undefined;
  /** The measure of every call, where not the hard one. */
  readonly measure: InputMeasure | undefined;
}

/** The strategies of one guard. */
export function createNearCap(parts: NearCapParts): NearCap {
  const { book, policy, assumptions } = parts;
  const closerMeasure = closerMeasureOf(parts);
  return new NearCap(
    {
      ...parts,
      closerMeasure,
      requote: (facts, { like, ...terms }) => {
        const { provider, scopes } = like;
        const quote = quoteFacts(provider, facts, { ...terms, scopes, book, policy, assumptions });
        return quote instanceof HardcapError ? quote : asExpected(quote, like);
      },
    },
    parts.room,
  );
}

/** The tokenizer where there is one; else the measure of every call, so that it learns once. */
function closerMeasureOf({ tokenizer, measure }: NearCapParts): InputMeasure {
  if (tokenizer === undefined) return measure ?? tightMeasure();
  return new InputMeasure(({ model, factor }) => tokenizerSizer(tokenizer, model, factor));
}
