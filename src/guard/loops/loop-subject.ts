import type { Quote } from '../call.ts';
import { fingerprintOf } from './fingerprint.ts';
import { toolLoopOf, type ToolLoop } from './tool-loop.ts';

/** A call as it was asked for: what of it is hashed is hashed once, and only when it is needed. */
export class LoopSubject {
  readonly #asked: Quote;
  #fingerprint: string | undefined;
  #toolLoop: ToolLoop | undefined;

  constructor(asked: Quote) {
    this.#asked = asked;
  }

  get fingerprint(): string {
    const { provider, facts } = this.#asked;
    this.#fingerprint ??= fingerprintOf(provider.name, facts);
    return this.#fingerprint;
  }

  get toolLoop(): ToolLoop {
    this.#toolLoop ??= toolLoopOf(this.#asked.facts.body);
    return this.#toolLoop;
  }
}
