import type { CloseOrder, CloseReply, SliceFinal } from '../../../ledger/leases/message.ts';
import { NO_SUMS, plus, type Sums } from '../../../ledger/leases/sums.ts';
import { texts, unavailable, type Command } from './driver.ts';
import type { StoreJournal } from './journal.ts';
import type { ScriptCall } from './scripts.ts';
import type { Server } from './server.ts';

/** Families ended in one trip. */
const FAMILIES_PER_TRIP = 256;

/**
 * Ends a holder: fenced first, then the slices in each of its families, then the journal and what
 * is in doubt, then closed. Every step may be repeated by anybody: a close that broke off is
 * finished by the next one, with the order that came first.
 */
export async function closeHolder(
  server: Server,
  journal: StoreJournal,
  given: CloseOrder,
): Promise<CloseReply> {
  const { keys } = server;
  const { holder } = given;
  const own = keys.holder(holder);
  const said = { order: JSON.stringify(given) };
  const [claimed = []] = await server.asks([{ script: 'claim', keys: own, said }]);
  const [kind, text = '', ...families] = claimed;
  if (kind === 'none') return { kind: 'unknown-holder' };
  if (kind === 'closed') return { kind: 'already-closed' };
  const order: CloseOrder = JSON.parse(text);

  const { freed, charged } = await endSlices(server, order, families);
  await journal.append({
    field: `c:${holder}`,
    text: '',
    body: JSON.stringify({ kind: 'close-holder', ...order, finals: undefined, freed, charged }),
    resolves: null,
    doubts: order.inDoubt.map((doubt) => ({ ...doubt, holder })),
  });
  const [told = []] = await server.asks([{ script: 'closed', keys: own, said: {} }]);
  if (told[0] === 'open') throw unavailable(`the end of ${holder} was lost on its way`);
  await server.reads([() => ['ZREM', keys.order, holder]]);
  return told[0] === 'ok' ? { kind: 'closed', freed, charged } : { kind: 'already-closed' };
}

async function endSlices(
  server: Server,
  { holder, how, finals }: CloseOrder,
  families: readonly string[],
): Promise<{ readonly freed: Sums; readonly charged: Sums }> {
  const { keys } = server;
  const byKey = new Map(finals.map((final) => [final.key, final]));
  let [freed, charged] = [NO_SUMS, NO_SUMS];
  for (let from = 0; from < families.length; from += FAMILIES_PER_TRIP) {
    const some = families.slice(from, from + FAMILIES_PER_TRIP);
    const known = await server.reads(
      some.map((family) => (): Command => ['HKEYS', keys.slices(family, holder)]),
    );
    const calls = some.map((family, index): ScriptCall => {
      const own = [keys.accounts(family), keys.slices(family, holder)];
      return { script: 'end', keys: own, said: { how, finals: among(known[index], byKey) } };
    });
    for (const [kind, sums = ''] of await server.asks(calls)) {
      if (kind !== 'ok') throw unavailable(`an unexpected answer: ${kind}`);
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = sums.split(' ').map(Number);
      freed = plus(freed, [a, b, c]);
      charged = plus(charged, [d, e, f]);
    }
  }
  return { freed, charged };
}

/** The finals of the slices that there are. */
function among(
  found: unknown,
  finals: ReadonlyMap<string, SliceFinal>,
): Readonly<Record<string, Sums>> {
  const own = texts(found).flatMap((key): readonly [string, Sums][] => {
    const final = finals.get(key);
    return final === undefined ? [] : [[key, final.spent]];
  });
  return Object.fromEntries(own);
}
