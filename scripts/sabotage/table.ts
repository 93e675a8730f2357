import { ATTEMPT_BREAKS } from './attempt-breaks.ts';
import { BOUND_BREAKS } from './bound-breaks.ts';
import type { Break } from './break.ts';
import { LEDGER_BREAKS } from './ledger-breaks.ts';
import { REFUSAL_BREAKS } from './refusal-breaks.ts';

/** Parts in the order of the page: the seven promises, then what they stand on. */
const PARTS: readonly string[] = [
  '1. Admission',
  '2. Truth',
  '3. Every attempt',
  '4. Exactly once',
  '5. Nothing lost',
  '6. No needless no',
  '7. A refusal is final and legible',
  'The bound',
  'The meter',
  'Scopes and windows',
  'The kernel',
  'The judge',
];

const ALL: readonly Break[] = [
  ...LEDGER_BREAKS,
  ...ATTEMPT_BREAKS,
  ...REFUSAL_BREAKS,
  ...BOUND_BREAKS,
];

/** Every guarantee with the break that its tests must notice, part by part. */
export const BREAKS: readonly Break[] = ALL.toSorted(
  (left, right) => PARTS.indexOf(left.part) - PARTS.indexOf(right.part),
);
