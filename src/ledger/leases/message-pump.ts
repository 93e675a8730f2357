import { HardcapError, OperationError } from '../../errors/error.ts';
import type { Awaitable } from './lease-store.ts';
import type { LeasePolicy } from './policy.ts';
import type { MonotonicMs, Schedule } from './ports.ts';

/** Sends of one message that may be unanswered at the same time. */
export const UNANSWERED_MAX = 32;

/** Jobs that are done in one go before others get their turn. */
export const JOBS_PER_RUN_MAX = 1_000;

/** What an answer led to. `again`: the store cannot go on now, so the same is said later. */
export type Done = 'done' | 'again';

/** One thing to say to the store; it gives what is to be done with the answer. */
export type Job = () => Awaitable<() => Done>;

/** Puts together what to say and what to do with what the store answers. */
export function jobOf<T>(say: () => Awaitable<T>, take: (answer: T) => Done): Job {
  return () => {
    const answer = say();
    if (isPromise(answer)) return answer.then((value) => () => take(value));
    return () => take(answer);
  };
}

/** What a pump is handed. */
export interface PumpPorts {
  readonly policy: LeasePolicy;
  readonly now: MonotonicMs;
  readonly schedule: Schedule;
  /** What to say next; `undefined` when there is nothing. */
  readonly next: () => Job | undefined;
  /** The store does not answer: nobody should wait for it. */
  readonly onTrouble: (cause: unknown) => void;
  /** Nothing is being said any more. */
  readonly onIdle: () => void;
}

/**
 * Says one thing at a time to a store, and the same again until it is known what became of it.
 *
 * Time never decides what an unanswered message did. It decides only when the store counts as out
 * of reach, so that calls are refused instead of waiting.
 */
export class MessagePump {
  readonly #ports: PumpPorts;
  #job: RunningJob | undefined;
  #isRunning = false;
  /** Nothing is said any more. */
  isEnded = false;
  /** Why the store cannot be asked now; `undefined` while it answers. */
  trouble: unknown;

  constructor(ports: PumpPorts) {
    this.#ports = ports;
  }

  /** Whether something was said and not answered yet. */
  get isBusy(): boolean {
    return this.#job !== undefined;
  }

  /** Whether what was said failed, or went unanswered for too long. */
  get isStuck(): boolean {
    return this.trouble !== undefined || (this.#job !== undefined && this.#job.failures > 0);
  }

  /** Says what there is to say, unless something is unanswered. */
  run(): void {
    if (this.#isRunning || this.isEnded) return;
    this.#isRunning = true;
    let done = 0;
    try {
      while (this.#job === undefined && !this.isEnded) {
        if (done >= JOBS_PER_RUN_MAX) {
          this.#ports.schedule(0, () => this.run());
          break;
        }
        const job = this.#ports.next();
        if (job === undefined) break;
        done += 1;
        this.#begin(job);
      }
    } finally {
      this.#isRunning = false;
    }
    if (this.#job === undefined) this.#ports.onIdle();
  }

  /** Nothing more is said, and no answer is waited for. */
  end(cause: unknown): void {
    this.isEnded = true;
    this.trouble = cause;
    this.#drop();
  }

  /** Says what is unanswered again at once, with the time of something that was never said. */
  insist(): void {
    const job = this.#job;
    if (job === undefined) return;
    this.trouble = undefined;
    job.sinceMs = this.#ports.now();
    job.failures = 0;
    this.#setDeadline(job);
    this.#send(job);
    this.run();
  }

  /** The store answers, and cannot be asked for anything all the same. */
  suspend(cause: unknown): void {
    this.#setTrouble(cause);
  }

  #begin(job: Job): void {
    const running: RunningJob = {
      say: job,
      sinceMs: this.#ports.now(),
      failures: 0,
      unanswered: 0,
      cancelDeadline: NOTHING,
      cancelNext: NOTHING,
    };
    this.#job = running;
    this.#send(running);
    if (this.#job === running) this.#setDeadline(running);
  }

  #setDeadline(job: RunningJob): void {
    const { schedule, policy } = this.#ports;
    job.cancelDeadline();
    job.cancelDeadline = schedule(policy.messageTimeoutMs, () => {
      if (this.#job !== job) return;
      this.#setTrouble(job.cause ?? new OperationError('STORE_UNAVAILABLE', NO_ANSWER));
    });
  }

  #send(job: RunningJob): void {
    if (this.#job !== job) return;
    const { schedule, policy } = this.#ports;
    if (job.unanswered >= UNANSWERED_MAX) return;
    let answer: Awaitable<() => Done>;
    try {
      answer = job.say();
    } catch (cause) {
      this.#fail(job, cause);
      return;
    }
    if (!isPromise(answer)) {
      this.#finish(job, answer);
      return;
    }
    job.unanswered += 1;
    job.cancelNext();
    const waitMs = Math.max(policy.messageTimeoutMs, this.#backoffMs(job.unanswered));
    job.cancelNext = schedule(waitMs, () => {
      this.#send(job);
      this.run();
    });
    void this.#await(job, answer);
  }

  async #await(job: RunningJob, answer: Promise<() => Done>): Promise<void> {
    try {
      const take = await answer;
      job.unanswered -= 1;
      if (this.#job !== job) return;
      this.#finish(job, take);
    } catch (cause) {
      job.unanswered -= 1;
      if (this.#job === job) this.#fail(job, cause);
      return;
    }
    this.run();
  }

  #finish(job: RunningJob, take: () => Done): void {
    let done: Done;
    try {
      done = take();
    } catch (cause) {
      // A bug of ours met in an answer: nothing that was in it counts, and nothing is asked again.
      this.end(cause);
      this.#ports.onTrouble(cause);
      return;
    }
    if (this.#job !== job) return;
    if (done === 'done') {
      this.#drop();
      this.trouble = undefined;
      return;
    }
    job.failures += 1;
    this.#sendLater(job, this.#ports.policy.retryMaxMs);
  }

  #fail(job: RunningJob, cause: unknown): void {
    job.failures += 1;
    job.cause = cause;
    const { now, policy } = this.#ports;
    if (isFinal(cause) || now() - job.sinceMs >= policy.messageTimeoutMs) this.#setTrouble(cause);
    if (this.#job !== job) return;
    this.#sendLater(job, isFinal(cause) ? policy.retryMaxMs : this.#backoffMs(job.failures));
  }

  #sendLater(job: RunningJob, ms: number): void {
    job.cancelNext();
    job.cancelNext = this.#ports.schedule(ms, () => {
      this.#send(job);
      this.run();
    });
  }

  #setTrouble(cause: unknown): void {
    this.trouble = cause;
    this.#ports.onTrouble(cause);
  }

  #backoffMs(tries: number): number {
    const { retryFirstMs, retryMaxMs } = this.#ports.policy;
    return Math.min(retryMaxMs, retryFirstMs * 2 ** Math.min(tries - 1, DOUBLINGS_MAX));
  }

  #drop(): void {
    this.#job?.cancelNext();
    this.#job?.cancelDeadline();
    this.#job = undefined;
  }
}

interface RunningJob {
  readonly say: Job;
  sinceMs: number;
  failures: number;
  /** Sends that have neither resolved nor rejected. */
  unanswered: number;
  cause?: unknown;
  cancelDeadline: () => void;
  cancelNext: () => void;
}

const DOUBLINGS_MAX = 20;
const NO_ANSWER = 'The store of the ledger did not answer in time.';
const NOTHING = (): void => undefined;

function isPromise<T>(value: Awaitable<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/** The store cannot mean these otherwise the next time. */
function isFinal(cause: unknown): boolean {
  if (!HardcapError.isInstance(cause)) return false;
  const code: unknown = Reflect.get(Object(cause), 'code');
  return code === 'CONFIG_INVALID' || code === 'INVARIANT_BROKEN';
}
