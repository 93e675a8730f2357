import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { AMOUNT_MAX, Arena, Budget, BYTES, CALLS, TOKENS } from '../../src/kernel/kernel.ts';

// Counts garbage collections while each form of a charge runs 2e7 times after warm-up, and prints the
// counts as JSON. Amounts are above 2^31, where a number that leaves a register would need an object.

const TURNS = 20_000_000;
const TURNS_AT_ONCE = 1_000_000;
const mask = 1023;
const amounts = Float64Array.from({ length: mask + 1 }, (_, i) => 2 ** 31 + ((i * 7919) % 97));
const vector = Float64Array.of(1, 0, 1, 1, 0, 0, 0, 0);

function wide(warn = AMOUNT_MAX - 1): Budget {
  const builder = Budget.builder().limitWithWarn(TOKENS, AMOUNT_MAX, warn);
  return builder.limit(CALLS, AMOUNT_MAX).limit(BYTES, AMOUNT_MAX).build();
}

const narrow = () => Budget.builder().limit(TOKENS, 1).limit(CALLS, 1).limit(BYTES, 1).build();

const [plain, warned, shut, refused, refunded] = [wide(), wide(0), narrow(), narrow(), wide()];
const [two, threeFit, threeRefused, eight] = [wide(), wide(), narrow(), wide()];
const arena = new Arena();
arena.open(wide().snapshot());
const handle = arena.open(wide().snapshot());
let kept: unknown;

const forms: Readonly<Record<string, (turns: number) => number>> = {
  'charge, continue'(turns) {
    let sum = 0;
    for (let i = 0; i < turns; i++) sum += plain.charge(TOKENS, amounts[i & mask] ?? 0);
    plain.reset();
    return sum;
  },
  'charge, warn'(turns) {
    let sum = 0;
    for (let i = 0; i < turns; i++) sum += warned.charge(TOKENS, amounts[i & mask] ?? 0);
    warned.reset();
    return sum;
  },
  'charge, exhausted'(turns) {
    let sum = 0;
    for (let i = 0; i < turns; i++) sum += shut.charge(TOKENS, amounts[i & mask] ?? 0);
    return sum;
  },
  'tryCharge, refused'(turns) {
    let sum = 0;
    for (let i = 0; i < turns; i++) sum += refused.tryCharge(TOKENS, amounts[i & mask] ?? 0);
    return sum;
  },
  refund(turns) {
    let sum = 0;
    for (let i = 0; i < turns; i++) sum += refunded.refund(TOKENS, amounts[i & mask] ?? 0);
    return sum;
  },
  'tryChargeAll of two'(turns) {
    let sum = 0;
    for (let i = 0; i < turns; i++)
      sum += two.tryChargeAll(TOKENS, amounts[i & mask] ?? 0, CALLS, 1);
    two.reset();
    return sum;
  },
  'tryChargeAll of three'(turns) {
    let sum = 0;
    for (let i = 0; i < turns; i++)
      sum += threeFit.tryChargeAll(TOKENS, amounts[i & mask] ?? 0, CALLS, 1, BYTES, 9);
    threeFit.reset();
    return sum;
  },
  'tryChargeAll of three, refused'(turns) {
    let sum = 0;
    for (let i = 0; i < turns; i++)
      sum += threeRefused.tryChargeAll(TOKENS, amounts[i & mask] ?? 0, CALLS, 1, BYTES, 9);
    return sum;
  },
  tryChargeVector(turns) {
    let sum = 0;
    for (let i = 0; i < turns; i++) sum += eight.tryChargeVector(vector);
    return sum;
  },
  'arena charge'(turns) {
    let sum = 0;
    for (let i = 0; i < turns; i++) sum += arena.charge(handle, TOKENS, amounts[i & mask] ?? 0);
    arena.reset(handle);
    return sum;
  },
};

function control(turns: number): number {
  for (let i = 0; i < turns; i++) kept = { i };
  return kept === undefined ? 0 : 1;
}

let count = 0;
const observer = new PerformanceObserver((list) => {
  count += list.getEntries().length;
});

/**
 * The fewest collections in up to three measurements. A form that allocates does so every time,
 * thousands of times; a machine too busy to have compiled the form yet does so once.
 */
async function collectionsOf(form: (turns: number) => number): Promise<number> {
  let fewest = Infinity;
  for (let tries = 0; tries < 3 && fewest > 0; tries++) {
    fewest = Math.min(fewest, await measure(form));
  }
  return fewest;
}

async function measure(form: (turns: number) => number): Promise<number> {
  for (let warmUp = 0; warmUp < 4; warmUp++) form(TURNS_AT_ONCE);
  globalThis.gc?.();
  await pause(20);
  count = 0;
  for (let done = 0; done < TURNS; done += TURNS_AT_ONCE) form(TURNS_AT_ONCE);
  await pause(20);
  return count;
}

observer.observe({ entryTypes: ['gc'] });
const counts: Record<string, number> = {};
for (const [name, form] of Object.entries(forms)) counts[name] = await collectionsOf(form);
console.log(JSON.stringify({ control: await collectionsOf(control), counts }));
