import { finalsByKey, openingItems } from '../../../ledger/leases/finals.ts';
import type {
  CloseOrder,
  CloseReply,
  SliceFinal,
  SliceItem,
} from '../../../ledger/leases/message.ts';
import { NO_SUMS, plus, type Sums } from '../../../ledger/leases/sums.ts';
import { texts, unavailable, type Command } from './driver.ts';
import { splitItems } from './items.ts';
import type { StoreJournal } from './journal.ts';
import { familyOf } from './keys.ts';
import { applying, registering, scopesFrom } from './registering.ts';
import type { ScriptCall } from './scripts.ts';
import type { Server } from './server.ts';

/** Families ended in one trip, and accounts opened in one. */
const FAMILIES_PER_TRIP = 256;

/** How long the mark of an ended slice is kept once its holder is closed. */
const MARK_MS = 172_800_000;

/**
 * Ends a holder: fenced first, then the slices in each of its families (opened first where it spent
 * and never spoke of it), then the journal and what is in doubt, then closed. Every step may be
 * repeated by anybody: a close that broke off is finished by the next one, with the order that came
 * first.
 */
export async function closeHolder(
  server: Server,
  journal: StoreJournal,
  given: CloseOrder,
): Promise<CloseReply> {
  const { keys } = server;
  const { holder } = given;
  // Throws before anything is claimed: what is claimed is what everybody carries out.
  finalsByKey(given);
  const own = keys.holder(holder);
  const said = { order: JSON.stringify(given) };
  const [claimed = []] = await server.asks([{ script: 'claim', keys: own, said }]);
  const [kind, text = '', ...known] = claimed;
  if (kind === 'none') return { kind: 'unknown-holder' };
  if (kind === 'closed') return { kind: 'already-closed' };
  const order: CloseOrder = JSON.parse(text);

  const finals = finalsByKey(order);
  const opened = splitItems(openingItems(finals, () => false)).map(({ family }) => family);
  const families = [...new Set([...known, ...opened])];
  const { freed, charged } = await endSlices(server, order, { finals, families });
  await journal.append({
    field: `c:${holder}`,
    text: '',
    body: JSON.stringify({ kind: 'close-holder', ...order, finals: undefined, freed, charged }),
    resolves: null,
    doubts: order.inDoubt.map((doubt) => ({ ...doubt, holder })),
  });
  const [told = []] = await server.asks([{ script: 'closed', keys: own, said: {} }]);
  if (told[0] === 'open') throw unavailable(`the end of ${holder} was lost on its way`);
  await server.reads([
    () => ['ZREM', keys.order, holder],
    ...families.map((family) => (): Command => {
      return ['PEXPIRE', keys.slices(family, holder), String(MARK_MS)];
    }),
  ]);
  return told[0] === 'ok' ? { kind: 'closed', freed, charged } : { kind: 'already-closed' };
}

interface Ended {
  readonly finals: ReadonlyMap<string, SliceFinal>;
  readonly families: readonly string[];
}

async function endSlices(
  server: Server,
  { holder, how }: CloseOrder,
  { finals, families }: Ended,
): Promise<{ readonly freed: Sums; readonly charged: Sums }> {
  const { keys } = server;
  const byFamily = finalsByFamily(finals);
  let [freed, charged] = [NO_SUMS, NO_SUMS];
  for (let from = 0; from < families.length; from += FAMILIES_PER_TRIP) {
    const some = families.slice(from, from + FAMILIES_PER_TRIP);
    const found = await server.reads(
      some.map((family) => (): Command => ['HKEYS', keys.slices(family, holder)]),
    );
    const known = new Set(found.flatMap(texts));
    const own = new Map(some.flatMap((family) => [...(byFamily.get(family) ?? [])]));
    await openUnheard(
      server,
      holder,
      openingItems(own, (key) => known.has(key)),
    );
    const calls = some.map((family): ScriptCall => {
      const own = [keys.accounts(family), keys.slices(family, holder)];
      const finals = Object.fromEntries(
        (byFamily.get(family) ?? []).map(([key, { spent }]) => [key, spent]),
      );
      return { script: 'end', keys: own, said: { how, finals } };
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

/** Opens slices for a holder that said nothing of them; those that were ended stay so. */
async function openUnheard(
  server: Server,
  holder: string,
  items: readonly SliceItem[],
): Promise<void> {
  const { keys } = server;
  const how = { seq: 1, mode: 'apply', isDeclared: false, isRegistered: true };
  for (let from = 0; from < items.length; from += FAMILIES_PER_TRIP) {
    const families = splitItems(items.slice(from, from + FAMILIES_PER_TRIP));
    const scopes = scopesFrom(families, await server.asks(registering(keys, families)));
    const calls = families.map((of) => applying(keys, of, { holder, how, scopes }));
    for (const [kind] of await server.asks(calls)) {
      // `fenced`: a close that broke off had come further; it is finished with what it ended.
      if (kind !== 'ok' && kind !== 'fenced') throw unavailable(`an unexpected answer: ${kind}`);
    }
  }
}

function finalsByFamily(
  finals: ReadonlyMap<string, SliceFinal>,
): ReadonlyMap<string, readonly (readonly [string, SliceFinal])[]> {
  const byFamily = new Map<string, (readonly [string, SliceFinal])[]>();
  for (const entry of finals) {
    const family = familyOf(entry[1].account);
    const of = byFamily.get(family) ?? [];
    byFamily.set(family, of);
    of.push(entry);
  }
  return byFamily;
}
