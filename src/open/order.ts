import { MisuseError } from '../errors/error.ts';
import { NO_SUMS, type Sums } from '../ledger/leases/sums.ts';
import { isCount } from '../units/count.ts';
import { nanoUsd, nanoUsdFromUsd } from '../units/money.ts';
import { epochMs, type Clock, type EpochMs } from '../units/time.ts';

/** Who orders something, and why: both are kept in the store's journal for good. */
export interface Ordered {
  readonly who: string;
  readonly reason: string;
  /**
   * Own id of the order; random unless given. The same order with the same id and `at` changes the
   * books once, however often it is given.
   */
  readonly id?: string;
  /** Milliseconds since the epoch; now unless given. */
  readonly at?: number;
}

/** An amount: dollars (no finer than a nano-dollar) or whole nano-dollars, tokens and calls. */
export interface OrderedAmount {
  readonly usd?: number;
  readonly nano_usd?: number;
  readonly tokens?: number;
  readonly calls?: number;
}

/** Most characters of a name or a reason. */
export const ORDER_CHARS_MAX = 2_000;

/** The part that every order has, checked. Throws `ORDER_INVALID`. */
export function readOrdered({ who, reason, id, at }: Ordered, { clock, newId }: OrderPorts) {
  return {
    id: id === undefined ? newId() : text('id', id),
    at: at === undefined ? clock() : instant('at', at),
    who: text('who', who),
    reason: text('reason', reason),
  };
}

/** What orders are completed with. */
export interface OrderPorts {
  readonly clock: Clock;
  readonly newId: () => string;
}

/** An instant from outside. Throws `ORDER_INVALID`. */
export function instant(field: string, value: number): EpochMs {
  return epochMs(value) ?? refuse(field, value, 'must be whole milliseconds since the epoch');
}

/** Text that says something. Throws `ORDER_INVALID`. */
export function text(field: string, value: string): string {
  const isText = typeof value === 'string' && value.trim() !== '';
  if (isText && value.length <= ORDER_CHARS_MAX) return value;
  return refuse(field, value, `must be a text of 1 to ${ORDER_CHARS_MAX} characters`);
}

/** An amount in the order in which it travels; `undefined` where it does not say a dimension. */
export function readAmount(amount: OrderedAmount): readonly (number | undefined)[] {
  return [money(amount), count('tokens', amount.tokens), count('calls', amount.calls)];
}

/** The same with its signs taken apart: what is to be added, and what is to be taken away. */
export function readDifference(amount: OrderedAmount): {
  readonly add: Sums;
  readonly subtract: Sums;
} {
  const { usd, nano_usd: nano, tokens = 0, calls = 0 } = amount;
  const signs = [Math.sign(nano ?? usd ?? 0), Math.sign(tokens), Math.sign(calls)] as const;
  const [money = 0, token = 0, call = 0] = readAmount({
    ...(usd === undefined ? {} : { usd: Math.abs(usd) }),
    ...(nano === undefined ? {} : { nano_usd: Math.abs(nano) }),
    tokens: Math.abs(tokens),
    calls: Math.abs(calls),
  });
  const part = (sign: number): Sums => [
    signs[0] === sign ? money : 0,
    signs[1] === sign ? token : 0,
    signs[2] === sign ? call : 0,
  ];
  const [add, subtract] = [part(1), part(-1)];
  if ([...add, ...subtract].every((value) => value === 0)) {
    return refuse('usd', usd ?? nano ?? NO_SUMS[0], 'must say by how much the books change');
  }
  return { add, subtract };
}

/** An order that cannot be meant. Nothing was changed. */
export function refuse(field: string, value: unknown, reason: string): never {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value);
  throw new MisuseError('ORDER_INVALID', `${field} = ${shown}: ${reason}. Nothing was changed.`);
}

function money({ usd, nano_usd: nano }: OrderedAmount): number | undefined {
  if (usd !== undefined && nano !== undefined) {
    return refuse('nano_usd', nano, 'say either `usd` or `nano_usd`');
  }
  if (nano !== undefined) {
    return nanoUsd(nano) ?? refuse('nano_usd', nano, 'must be whole nano-dollars, not negative');
  }
  if (usd === undefined) return undefined;
  const isDollars = typeof usd === 'number' && usd >= 0;
  const read = isDollars ? nanoUsdFromUsd(usd) : undefined;
  return read ?? refuse('usd', usd, 'must be dollars, not negative, no finer than a nano-dollar');
}

function count(field: string, value: number | undefined): number | undefined {
  if (value === undefined || isCount(value)) return value;
  return refuse(field, value, 'must be a whole number, not negative');
}
