import type { CallRow, Incident, PriceName } from '../catalogue/incident.ts';
import type { Endpoint, PlannedCall, Play } from './play.ts';
import type { Tariff } from './prices.ts';

/** Where a call stands in its scenario. */
export interface CallPlace {
  readonly row: CallRow;
  readonly rowIndex: number;
  /** 0 is the first of its row. */
  readonly repetition: number;
}

/** What a kind of fault makes of a scenario. What it leaves out stays as the catalogue has it. */
export interface Variant {
  /** Short, for tables; empty where the words of the catalogue can be meant in one way only. */
  readonly name: string;
  readonly note?: string;
  readonly outside?: string;
  readonly endpoint?: Endpoint;
  readonly tariff?: Partial<Tariff>;
  /** Another model that is billed in place of the one on the wire. */
  readonly servedAs?: PriceName;
  /** Another model on the wire than the row's price says. */
  readonly wireProfile?: PriceName;
  readonly call?: (call: PlannedCall, place: CallPlace) => PlannedCall;
  readonly play?: Partial<Play>;
  readonly excuses?: readonly string[];
}

/** The ways in which one kind of fault can be played. */
export type FaultRule = (incident: Incident) => readonly Variant[];

/** The most usual case: one way, and what it changes about each call. */
export function one(
  call: (call: PlannedCall, place: CallPlace) => PlannedCall,
  rest: Omit<Variant, 'name' | 'call'> = {},
): readonly Variant[] {
  return [{ name: '', call, ...rest }];
}

/** Nothing goes wrong on the wire: what went wrong was that nothing held the spend. */
export const PLAIN: FaultRule = () => [{ name: '' }];
