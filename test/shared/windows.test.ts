import { expect, it } from 'vitest';
import type { Account } from '../../src/ledger/account.ts';
import type { SharedLedger } from '../../src/ledger/shared-ledger.ts';
import { CapAccounts } from '../../src/policy/cap-accounts.ts';
import { readConfig } from '../../src/policy/read-config.ts';
import { amountsOf, instant } from '../../src/stores/conformance/orders.ts';
import { randomFrom } from '../../src/stores/conformance/random-cases.ts';
import type { EpochMs } from '../../src/units/time.ts';
import { describeEachStore } from './each-store.ts';
import { openLedgerOver } from './ledgers.ts';

const MINUTE = 60_000;

/** By how much the second process's clock is ahead. */
const APART = 10 * MINUTE;

/** In Berlin: the night of the change and the midnight after it. */
const NIGHTS = {
  'into summer time': ['2026-03-28T22:30:00Z', '2026-03-29T00:30:00Z', '2026-03-29T21:30:00Z'],
  'out of summer time': ['2026-10-24T21:30:00Z', '2026-10-25T00:30:00Z', '2026-10-25T22:30:00Z'],
};

describeEachStore('two clocks ten minutes apart', ({ next, open: openStore }) => {
  for (const [change, starts] of Object.entries(NIGHTS)) {
    it(`put each charge into one window, once, across the change ${change}`, async () => {
      const store = await openStore(next(Date.parse(starts[0]!)));
      const ledgers = [await open('slow', 0), await open('fast', APART)];
      const booked = new Map<string, number>();
      const accounts = new Map<string, Account>();
      const random = randomFrom(change.length);
      let calls = 0;
      // An hour and a half around each moment, in steps of five minutes.
      for (const start of starts) {
        for (let passed = 0; passed <= 90; passed += 5) {
          for (const { ledger, ahead, plan } of ledgers) {
            const at = instant(Date.parse(start) + passed * MINUTE + ahead);
            const billed = 1 + random(900);
            const drawn = plan(at);
            await spend(ledger, { id: `call-${(calls += 1)}`, at, billed, accounts: drawn });
            for (const account of drawn) accounts.set(account.parts[0]!.key, account);
            for (const window of [`day ${dayIn(at)}`, `hour ${Math.floor(at / 3_600_000)}`]) {
              booked.set(window, (booked.get(window) ?? 0) + billed);
            }
          }
        }
      }
      for (const { ledger } of ledgers) await ledger.close();
      const found = await store.balances([...accounts.values()]);
      const standing = [...accounts.values()].map((account, index) => {
        const start = Number(account.parts[0]!.key.split('|').at(-1));
        const name = account.window === 'day' ? dayIn(start) : String(start / 3_600_000);
        return [`${account.window} ${name}`, found[index]!.spent[0]] as const;
      });
      expect(Object.fromEntries(standing)).toEqual(Object.fromEntries(booked));
      expect(found.map(({ held }) => held)).toEqual(found.map(() => [0, 0, 0]));

      async function open(name: string, ahead: number) {
        const ledger = await openLedgerOver(store, { name, mode: 'leased' });
        return { ledger, ahead, plan: planner() };
      }
    });
  }
});

/** A day cap and an hour cap in Berlin; each process has its own. */
function planner(): (at: EpochMs) => readonly Account[] {
  const { caps } = readConfig({
    timeZone: 'Europe/Berlin',
    caps: [
      { scope: 'global', window: 'day', usd: 10 },
      { scope: 'global', window: 'hour', usd: 10 },
    ],
  });
  const drawn = caps.map((cap) => new CapAccounts(cap));
  return (at) => {
    const accounts: Account[] = [];
    for (const cap of drawn) cap.drawOn({}, at, accounts);
    return accounts;
  };
}

async function spend(
  ledger: SharedLedger,
  call: {
    readonly id: string;
    readonly at: EpochMs;
    readonly billed: number;
    readonly accounts: readonly Account[];
  },
): Promise<void> {
  const { id, at, billed, accounts } = call;
  const order = { id, at, amounts: amountsOf({ usd: 1_000, calls: 1 }), accounts };
  const first = ledger.reserve(order);
  const reply = first.kind === 'ask' ? await ledger.reserveAsync(order) : first;
  expect(reply.kind).toBe('reserved');
  // Billed a while later, perhaps in the next window: it belongs to the window of its hold.
  const late = instant(at + 12 * MINUTE);
  const ended = ledger.settle({ id, at: late, amounts: amountsOf({ usd: billed, calls: 1 }) });
  expect(ended.kind).toBe('ended');
}

/** The date in Berlin, by the platform's calendar: `2026-03-29`. */
function dayIn(at: number): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Berlin' }).format(at);
}
