import type { HardcapError } from '../../errors/error.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Policy } from '../../policy/plan.ts';
import type { GuardSettings } from '../../policy/read-config.ts';
import type { PriceBook } from '../../pricing/price-book.ts';
import type { RequestFacts } from '../../providers/provider.ts';
import type { Tokens } from '../../units/count.ts';
import type { Clock, EpochMs } from '../../units/time.ts';
import type { Quote } from '../call.ts';
import type { Desk } from '../desk.ts';
import type { InputMeasure } from '../tight.ts';

/** What calls near a cap are pursued with. */
export interface PursuitTools {
  readonly desk: Desk;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly settings: GuardSettings;
  readonly policy: Policy;
  readonly book: PriceBook;
  /** The closer measure of input that needs no network. */
  readonly closerMeasure: InputMeasure;
  readonly requote: (facts: RequestFacts, terms: RequoteTerms) => Quote | HardcapError;
}

/** How changed facts are quoted: as a call of the same scopes, under this measure. */
export interface RequoteTerms {
  readonly like: Quote;
  readonly at: EpochMs;
  readonly measure: InputMeasure | undefined;
  readonly countedTokens: Tokens | undefined;
  readonly isWrapUp: boolean;
}
