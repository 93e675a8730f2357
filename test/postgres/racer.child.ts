/**
 * One process of a race for a cap: as many holders as told, each asking for one amount at a time
 * until it is refused. Waits for a line on standard input to start, so that all start together;
 * writes how many amounts it was granted.
 */

import { once } from 'node:events';
import { createPostgresLeaseStore } from '../../src/stores/postgres/lease-store.ts';
import { identityOf, itemOf, messageOf, send } from '../../src/stores/conformance/lease-orders.ts';
import { accountOf } from '../../src/stores/conformance/orders.ts';
import { CLIENTS } from './fixture.ts';

/** What a racer is told, as JSON in its first argument. */
export interface RacerOptions {
  readonly url: string;
  readonly schema: string;
  readonly name: string;
  readonly holders: number;
  readonly cap: number;
  readonly amount: number;
}

const options = JSON.parse(process.argv[2] ?? '{}') as RacerOptions;
const { url, schema, name, holders, cap, amount } = options;
const { client, end } = CLIENTS.pg(url, holders);
const store = createPostgresLeaseStore({ client, schema, trustUnsafeSettings: true });

const places = Array.from({ length: holders }, (_, index) => `${name}-${index}`);
await Promise.all(places.map(async (holder) => await store.open(identityOf(holder))));
process.stdout.write('ready\n');
await once(process.stdin, 'data');
process.stdin.destroy();
const granted = await Promise.all(places.map(race));
process.stdout.write(`${granted.reduce((sum, each) => sum + each, 0)}\n`);
await end();

async function race(holder: string, place: number): Promise<number> {
  const global = accountOf({ cap: 'global', ceiling: { usd: cap } });
  const customer = accountOf({ cap: 'c', scope: `customer:${place % 5}`, ceiling: { usd: cap } });
  let known = { usd: 0 };
  for (let seq = 1; ; seq += 1) {
    const ask = { known, need: { usd: amount } };
    // Each names them in another order.
    const accounts = place % 2 === 0 ? [global, customer] : [customer, global];
    const items = accounts.map((account) => itemOf(account, ask));
    const states = await send(store, messageOf(holder, seq, items));
    const state = states[place % 2];
    if (state === undefined || state.isRefused) return known.usd / amount;
    known = { usd: state.granted[0] };
  }
}
