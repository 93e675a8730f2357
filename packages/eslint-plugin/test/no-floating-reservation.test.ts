import { rule } from '../src/rules/no-floating-reservation.ts';
import { bad, good } from './affine-samples.ts';
import { typedTester } from './rule-tester.ts';

const ENDS = '`settle(…)` or `release(…)`';
const held = { name: 'held', ends: ENDS };

typedTester().run('no-floating-reservation', rule, {
  valid: [
    good('export const settled = () => guard.reserve(call).settle(undefined);'),
    good('export const handedOn = () => guard.reserve(call);'),
    good(`export function using_() {
  using held = guard.reserve(call);
  return held.id;
}`),
    good(`export async function both(send: () => Promise<string>) {
  const held = guard.reserve(call);
  try {
    const answer = await send();
    held.settle({ output_tokens: answer.length });
    return answer;
  } catch (error) {
    held.settle(undefined);
    throw error;
  }
}`),
    good(`export async function flagged(send: () => Promise<void>) {
  const held = guard.reserve(call);
  let isSettled = false;
  try { await send(); held.settle({ output_tokens: 1 }); isSettled = true; }
  finally { if (!isSettled) held.settle(undefined); }
}`),
    good(`export function narrowed() {
  const held = guard.tryReserve(call);
  if (held instanceof HardcapError) return held;
  held.settle(undefined);
  return undefined;
}`),
    good(`export function otherWay() {
  const held = guard.tryReserve(call);
  if (!(held instanceof Reservation)) return;
  held.settle(undefined);
}`),
    good(`export function listed(calls: readonly Call[]) {
  const all = calls.map((one) => guard.reserve(one));
  for (const one of all) one.settle(undefined);
}`),
    good(`export class Open {
  readonly #all = new Map<string, Reservation>();
  begin() { const held = guard.reserve(call); this.#all.set(held.id, held); }
  end(id: string) { this.#all.get(id)?.settle(undefined); }
}`),
    good(`export function events(source: NodeJS.EventEmitter) {
  const held = guard.reserve(call);
  source.once('end', () => held.settle({ output_tokens: 1 }));
}`),
    good(`export function ofBudget(b: Budget) {
  const [rest, held] = b.reserve({ usd: 1 });
  held.settle({ usd: 0.5 });
  rest.close();
}`),
    // A budget that is lost is the affair of another rule.
    good('export const lost = (b: Budget) => { b.spend({ usd: 1 }); };'),
  ],
  invalid: [
    bad('export function dropped() { «guard.reserve(call)»; }', {
      messageId: 'dropped',
      data: { name: 'guard.reserve(…)', ends: ENDS },
    }),
    bad('export const looked = () => «guard.reserve(call)».id;', {
      messageId: 'dropped',
      data: { name: 'guard.reserve(…)', ends: ENDS },
    }),
    bad('export function voided() { void «guard.reserveAsync(call)»; }', {
      messageId: 'dropped',
      data: { name: 'guard.reserveAsync(…)', ends: ENDS },
    }),
    bad(
      `export function unbound(b: Budget) {
  const «[rest]» = b.reserve({ usd: 1 });
  rest.close();
}`,
      { messageId: 'unbound', data: { name: '[1]', ends: ENDS } },
    ),
    bad(
      `export function never(b: Budget) {
  const [rest, «held»] = b.reserve({ usd: 1 });
  rest.close();
  return held.amounts;
}`,
      { messageId: 'neverUsedUp', data: held },
    ),
    bad(
      `export function branch(isSent: boolean) {
  const «held» = guard.reserve(call);
  if (isSent) held.settle(undefined);
}`,
      { messageId: 'lostOnSomePath' },
    ),
    bad(
      `export function early(isSent: boolean) {
  const «held» = guard.reserve(call);
  if (!isSent) return;
  held.settle(undefined);
}`,
      { messageId: 'lostOnSomePath' },
    ),
    bad(
      `export function skipped(calls: readonly Call[]) {
  for (const one of calls) {
    const «held» = guard.reserve(one);
    if (one.provider === 'openai') continue;
    held.settle(undefined);
  }
}`,
      { messageId: 'lostOnSomePath' },
    ),
    bad(
      `export function labelled(calls: readonly Call[]) {
  out: {
    const «held» = guard.reserve(call);
    if (calls.length === 0) break out;
    held.settle(undefined);
  }
}`,
      { messageId: 'lostOnSomePath' },
    ),
    bad(
      `export function cases(kind: 'send' | 'skip') {
  const «held» = guard.reserve(call);
  switch (kind) {
    case 'send': held.settle(undefined); break;
    default: break;
  }
}`,
      { messageId: 'lostOnSomePath' },
    ),
    bad(
      `export async function caught(send: () => Promise<void>) {
  const «held» = guard.reserve(call);
  try { await send(); held.settle(undefined); } catch (error) { console.error(error); }
}`,
      { messageId: 'lostOnSomePath' },
    ),
    bad(
      `export async function* generated(b: Budget) {
  const [rest, «held»] = b.reserve({ usd: 1 });
  yield rest.name;
  rest.close();
}`,
      { messageId: 'neverUsedUp', data: held },
    ),
    bad(
      `export function overwritten(b: Budget) {
  let [rest, held] = b.reserve({ usd: 1 });
  [rest, «held»] = rest.reserve({ usd: 1 });
  held.settle({ usd: 1 });
  rest.close();
}`,
      { messageId: 'overwritten', data: held },
    ),
  ],
});
