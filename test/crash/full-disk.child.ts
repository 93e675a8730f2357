/** Writes a journal until there is no room; says which reserves were acknowledged. */

import { openFileJournal } from '../../src/journal/file-journal.ts';
import { NOON, accountOf, amountsOf } from '../../src/stores/conformance/orders.ts';
import { identityOf } from './history.ts';

const [, , directory = ''] = process.argv;
const accounts = [accountOf({ cap: 'a' })];
const journal = openFileJournal({ directory, identity: identityOf({ holder: 'full' }) });
const kept: string[] = [];
let refused = 0;

function reserve(id: string): void {
  try {
    journal.record({ kind: 'reserved', id, at: NOON, amounts: amountsOf({ usd: 1 }), accounts });
    kept.push(id);
  } catch {
    // What is not kept must not be read back; the parent looks.
    refused += 1;
  }
}

// Long ones fill it, and short ones still fit into what a long one left.
for (const length of [900, 900, 900, 900, 900, 900, 900, 900, 900, 900, 50, 50, 900, 50, 900, 50]) {
  reserve(`${kept.length + refused}-${'x'.repeat(length)}`);
}
process.stdout.write(JSON.stringify({ kept, refused }));
