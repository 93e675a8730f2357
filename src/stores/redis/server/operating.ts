import type {
  AdjustOperation,
  Operation,
  OperationReply,
  RaiseOperation,
  ScopeOperation,
} from '../../../ledger/leases/operation.ts';
import { texts, unavailable, type Command } from './driver.ts';
import type { StoreJournal } from './journal.ts';
import { familyOf } from './keys.ts';
import type { ScriptCall } from './scripts.ts';
import type { Server } from './server.ts';

/**
 * Carries out an order: what is meant is written first, by its id; then each family does its part,
 * once; then the journal says that it was done. The same order again finishes what broke off.
 */
export async function operateOn(
  server: Server,
  journal: StoreJournal,
  operation: Operation,
): Promise<OperationReply> {
  const { keys } = server;
  const { id } = operation;
  const text = JSON.stringify(operation);
  const resolves = operation.kind === 'adjust' ? operation.resolves : null;
  const said = { id, text, ...(resolves === null ? {} : { resolves }) };
  const [orders, doubts, claims] = [
    keys.journal('orders'),
    keys.journal('doubts'),
    keys.journal('claims'),
  ];
  const [begun = []] = await server.asks([
    { script: 'intend', keys: [orders, doubts, claims], said },
  ]);
  if (begun[0] === 'done') return { kind: 'done', isRepeated: true };
  if (begun[0] === 'conflict') return { kind: 'conflict' };
  if (begun[0] === 'unknown-doubt') return { kind: 'unknown-doubt' };

  const refused = await carryOut(server, operation);
  if (refused !== undefined) {
    await server.asks([{ script: 'forget', keys: [orders, claims], said }]);
    return refused;
  }
  const isFirst = await journal.append({
    field: `o:${id}`,
    text,
    body: text,
    resolves,
    doubts: [],
  });
  return { kind: 'done', isRepeated: !isFirst };
}

async function carryOut(server: Server, operation: Operation): Promise<OperationReply | undefined> {
  switch (operation.kind) {
    case 'adjust':
      return await adjust(server, operation);
    case 'raise':
      return await raise(server, operation);
    case 'close-scope':
    case 'reopen-scope':
      return await setScope(server, operation);
  }
}

async function raise(
  server: Server,
  { id, capId, scope, by, until }: RaiseOperation,
): Promise<undefined> {
  const numbers = [...by, until].map((each) => each ?? -1).join(' ');
  const terms = server.keys.terms(familyOf({ capId, scope }));
  await server.asks([{ script: 'raise', keys: [terms], said: { id, raise: numbers } }]);
  return undefined;
}

async function setScope(server: Server, { id, kind, scope }: ScopeOperation): Promise<undefined> {
  const { keys } = server;
  const said = { id, closed: kind === 'close-scope' ? '1' : '0' };
  const [told = []] = await server.asks([{ script: 'setScope', keys: keys.scope(scope), said }]);
  const [, scopeSeq, closed, ...caps] = told;
  const marks = caps.map((capId): ScriptCall => {
    const terms = keys.terms(familyOf({ capId, scope }));
    return { script: 'markScope', keys: [terms], said: { scopeSeq: Number(scopeSeq), closed } };
  });
  await server.asks(marks);
  return undefined;
}

/** First every family sets aside what is to be subtracted, then all do it, or none does. */
async function adjust(
  server: Server,
  { id, keys: accounts, subtract, add }: AdjustOperation,
): Promise<OperationReply | undefined> {
  const { keys } = server;
  const places = await server.reads(accounts.map((key) => (): Command => ['GET', keys.place(key)]));
  const families = new Map<string, string[]>();
  const refusals = new Map<string, 'unknown-account' | 'below-zero'>();
  for (const [position, key] of accounts.entries()) {
    const family = texts([places[position]])[0] ?? '';
    if (family === '') refusals.set(key, 'unknown-account');
    else families.set(family, [...(families.get(family) ?? []), key]);
  }
  const step = (step: 'pin' | 'commit' | 'abandon'): readonly ScriptCall[] =>
    [...families].map(([family, own]) => ({
      script: 'adjust',
      keys: [keys.accounts(family), keys.mark(family, id)],
      said: { step, keys: own, subtract, add },
    }));
  for (const [kind, key = ''] of await server.asks(step('pin'))) {
    if (kind !== 'ok') refusals.set(key, kind === 'below-zero' ? kind : 'unknown-account');
  }
  // The first in the order of the order, whichever family said it.
  const first = accounts.find((key) => refusals.has(key));
  if (first !== undefined) {
    await server.asks(step('abandon'));
    return { kind: refusals.get(first) ?? 'unknown-account', key: first };
  }
  const done = await server.asks(step('commit'));
  if (done.some(([kind]) => kind !== 'ok')) {
    throw unavailable(`correction ${id} is being carried out by somebody else`);
  }
  return undefined;
}
