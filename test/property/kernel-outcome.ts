import {
  dimensionOf,
  isExhausted,
  isWarn,
  KernelError,
  type Verdict,
} from '../../src/kernel/kernel.ts';
import type { Outcome } from './kernel-model.ts';

/** What a call into the kernel came to, in the model's words; other errors pass through. */
export function outcome(call: () => Verdict): Outcome {
  try {
    const verdict = call();
    if (isExhausted(verdict)) return `exhausted:${dimensionOf(verdict)}`;
    return isWarn(verdict) ? `warn:${dimensionOf(verdict)}` : 'go';
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return `error:${error.code}:${error.dimension ?? '-'}`;
  }
}
