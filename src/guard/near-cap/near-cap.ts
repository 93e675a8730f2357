import { HardcapError } from '../../errors/error.ts';
import { storeUnavailable, type Admission } from '../admission.ts';
import type { Quote } from '../call.ts';
import type { Attempt } from '../desk.ts';
import { Pursuit, type FirstReply } from './pursuit.ts';
import type { Answer, Outcome, Procedure, Step } from './steps.ts';
import type { PursuitTools } from './tools.ts';
import type { WaitingRoom } from './waiting-room.ts';

/**
 * What a guard does with a call that does not fit: the strategies that apply to it, as far as they
 * go at once, and the rest of them for a caller that awaits the answer.
 */
export class NearCap {
  readonly #tools: PursuitTools;
  readonly #room: WaitingRoom;

  constructor(tools: PursuitTools, room: WaitingRoom) {
    this.#tools = tools;
    this.#room = room;
  }

  /** What becomes of a call that the ledger did not hold money for at its first word. */
  pursue(asked: Quote, first: FirstReply, attempt: Attempt): Admission {
    const pursuit = new Pursuit(this.#tools, asked, attempt);
    return this.#begin(pursuit.run(first), attempt);
  }

  /**
   * The same for a call that may wait, where others wait already for accounts that it draws on: it
   * goes behind them. `undefined`: nobody does, or it may not wait.
   */
  goBehind(asked: Quote, attempt: Attempt): Admission | undefined {
    if (this.#room.size === 0 || !attempt.mayAwait) return undefined;
    const waitedFor = this.#room.waitedFor(asked.accounts);
    if (waitedFor.length === 0) return undefined;
    const pursuit = new Pursuit(this.#tools, asked, attempt);
    if (!pursuit.mayQueueFor(waitedFor)) return undefined;
    const waitedForNow = () => this.#room.waitedFor(asked.accounts);
    return this.#begin(pursuit.runBehind(waitedForNow), attempt);
  }

  #begin(procedure: Procedure<Outcome>, attempt: Attempt): Admission {
    const next = procedure.next();
    if (next.done === true) return next.value;
    const step = next.value;
    return {
      kind: 'must-ask',
      ask: (signal) => this.#finish(procedure, { step, attempt, signal }),
    };
  }

  async #finish(
    procedure: Procedure<Outcome>,
    { step: first, attempt, signal }: Continuation,
  ): Promise<Outcome> {
    let step = first;
    for (;;) {
      const next = procedure.next(await this.#perform(step, attempt, signal));
      if (next.done === true) return next.value;
      step = next.value;
    }
  }

  async #perform(step: Step, attempt: Attempt, signal: AbortSignal | undefined): Promise<Answer> {
    switch (step.kind) {
      case 'ask':
        try {
          return { kind: 'replied', reply: await this.#tools.ledger.reserveAsync(step.order) };
        } catch (cause) {
          const error = cause instanceof HardcapError ? cause : storeUnavailable(cause);
          return { kind: 'failed', error };
        }
      case 'count':
        return { kind: 'counted', tokens: await attempt.call.countInput?.(step.facts, signal) };
      case 'wait': {
        const perform = (inner: Step) => this.#perform(inner, attempt, signal);
        return {
          kind: 'waited',
          outcome: await this.#room.enter(step.waiter, { perform, signal }),
        };
      }
    }
  }
}

interface Continuation {
  readonly step: Step;
  readonly attempt: Attempt;
  readonly signal: AbortSignal | undefined;
}
