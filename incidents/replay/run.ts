import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Emulator } from '../../src/emulator/emulator.ts';
import { BudgetCapError, HardcapError, refusalOfResponse } from '../../src/index.ts';
import { explain, type Refusal } from '../judge/exceptions.ts';
import { Oracle } from '../judge/oracle.ts';
import { REFUSED_HEADER } from '../policies/baselines.ts';
import type { CallContext, Fetch, Policy, Session, Stage } from '../policies/policy.ts';
import { runScope } from '../policies/hardcap.ts';
import { runFirstLife } from './first-life.ts';
import type { PlannedCall, Play } from './play.ts';
import { UNEXPLAINED, type RunResult } from './result.ts';
import type { Schedule } from './schedule.ts';
import {
  ATTEMPT_HEADER,
  CALL_HEADER,
  clientsOf,
  isFree,
  pacedFetch,
  PLACE_HEADER,
  startReplayEmulator,
  storeConversation,
} from './provider.ts';
import { runTree, Stopped, STOPPED } from './tree.ts';
import { send } from './wire.ts';

const NANO = 1e9;
const AT_REST_MS_MAX = 2_000;
const UNEXPECTED_MAX = 3;
/** A run that is far over its cap is ended after so many calls, or so many tokens of prompts. */
const FAR_OVER = 1.25;
const CALLS_ENOUGH = 24;
const PROMPT_TOKENS_ENOUGH = 2_000_000;
/** A run that is as long as this has shown what it has to show. */
const CALLS_MAX = 700;
const LARGE_CALLS_MAX = 150;
const LARGE_PROMPT_TOKENS = 7_000_000;
/** How long a client that gives up waits once the provider has its request. */
const GIVES_UP_MS = 10;
/** The closing call of a run that was stopped. */
const CLOSING = { prompt: 1_500, ceiling: 500, output: 300 } as const;

/** Plays once. */
export async function playOnce(play: Play, policy: Policy, schedule: Schedule): Promise<RunResult> {
  const run = new Run(play, policy, schedule);
  try {
    return await run.result();
  } finally {
    await run.end();
  }
}

class Run {
  readonly #play: Play;
  readonly #policy: Policy;
  readonly #schedule: Schedule;
  readonly #oracle: Oracle;
  readonly #contexts = new Map<string, RefusableContext>();
  readonly #folder = mkdtempSync(join(tmpdir(), 'hardcap-incidents-'));
  readonly #fetch = pacedFetch();
  readonly #startedAt = Date.now();
  readonly #needless = new Map<string, number>();
  readonly #codes = new Set<string>();
  readonly #unexpected: string[] = [];
  #emulator: Emulator | undefined;
  #previousId: string | undefined;
  #outsideNano = 0n;
  #firstNeedless: Refusal | null = null;
  #clockMs = 0;
  #calls = 0;
  #attempts = 0;
  #answered = 0;
  #failed = 0;
  #refused = 0;
  #promptTokens = 0;
  #isEndedEarly = false;

  constructor(play: Play, policy: Policy, schedule: Schedule) {
    this.#play = play;
    this.#policy = policy;
    this.#schedule = schedule;
    this.#oracle = new Oracle(BigInt(Math.round((play.capUsd || 0) * NANO)));
  }

  async result(): Promise<RunResult> {
    const emulator = await startReplayEmulator(this.#play, {
      latencyMs: this.#schedule.latencyMs,
      oracle: this.#oracle,
      now: () => this.#now(),
      moveClock: (byMs) => (this.#clockMs += byMs),
      arrived: (id) => this.#arrived(id),
    });
    this.#emulator = emulator;
    if (this.#play.storedTokens > 0) {
      this.#previousId = await storeConversation(this.#play, emulator);
      this.#outsideNano = emulator.bill().totalNanoUsd;
    }
    if (this.#play.host === 'restart') await this.#firstLife(emulator);
    let session: Session | undefined;
    let rootError: unknown;
    try {
      session = this.#policy.open(this.#stage(this.#play.host === 'restart' ? 1 : 0));
    } catch (error) {
      // A cap that cannot be meant: the typed refusal falls where it is configured.
      rootError = error;
      this.#refused += 1;
      this.#codes.add(error instanceof HardcapError ? error.code : String(error));
    }
    if (session !== undefined) rootError = await this.#drive(session);
    const wrappedUp = session === undefined ? null : await this.#wrapUp(session);
    await this.#atRest(emulator, session);
    const openHolds = session?.openHolds() ?? 0;
    await this.#closed(session);
    return this.#summary({ emulator, openHolds, rootError, wrappedUp });
  }

  async end(): Promise<void> {
    await this.#emulator?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Static where only windows matter, so that no slow run slips over a boundary by itself. */
  #now(): number {
    const passedMs = this.#play.host === 'memory' ? 0 : Date.now() - this.#startedAt;
    return this.#play.startsAt + this.#clockMs + passedMs;
  }

  /** Before the process is killed: really another process where books outlive it. */
  async #firstLife(emulator: Emulator): Promise<void> {
    const own = { emulator, folder: this.#folder, play: this.#play, policy: this.#policy.name };
    if (this.#policy.name === 'hardcap' || this.#policy.name === 'hardcap+strategies') {
      const { answered, refused } = await runFirstLife(own);
      this.#answered += answered;
      this.#refused += refused;
      this.#calls += answered + refused;
      return;
    }
    const session = this.#policy.open(this.#stage(0));
    this.#observe(session);
    for (const [row, { calls }] of this.#play.rows.entries()) {
      for (const [repetition, call] of calls.entries()) {
        if (call.afterRestart) continue;
        const made = this.#make(session, { call, place: `${row}.${repetition}`, instance: 'root' });
        // Killed while it waits for the answer: nobody ever reads it.
        if (call.isCutByCrash) return void made.catch(() => undefined);
        await made.catch(() => undefined);
      }
    }
  }

  async #drive(session: Session): Promise<unknown> {
    this.#observe(session);
    const play = this.#play;
    try {
      await session.within(runScope(play), () =>
        runTree(play, this.#schedule, {
          within: (scopes, fn) => session.within(scopes, fn),
          make: (call, place, instance) => this.#make(session, { call, place, instance }),
          isOver: () => this.#isOver(),
        }),
      );
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Makes one call. Resolves with whether it was answered; rejects with a refusal. */
  async #make(
    session: Session,
    { call, place, instance }: { call: PlannedCall; place: string; instance: string },
  ): Promise<boolean> {
    if (this.#isOver()) throw STOPPED;
    const left = (this.#play.attemptsMax ?? Number.MAX_SAFE_INTEGER) - this.#attempts;
    if (left <= 0) return false;
    const tried = { ...call, sdkRetries: Math.min(call.sdkRetries, left - 1) };
    this.#calls += 1;
    this.#promptTokens += call.promptTokens;
    const id = this.#calls;
    const leave = new AbortController();
    const context: RefusableContext = { call, id, instance, leave, isRefused: false };
    this.#contexts.set(String(id), context);
    const headers = { [CALL_HEADER]: String(id), [PLACE_HEADER]: place };
    try {
      await session.within(call.scopes, () =>
        send(session.clients, tried, {
          headers,
          signal: leave.signal,
          previousId: this.#previousId,
        }),
      );
      await this.#afterAnswer(session, call);
      return true;
    } catch (error) {
      if (context.isRefused) throw error;
      this.#failed += 1;
      this.#clockMs += call.thenMs;
      if (!isExpectedFailure(call)) this.#noteUnexpected(error);
      return false;
    } finally {
      this.#contexts.delete(String(id));
    }
  }

  async #afterAnswer(session: Session, call: PlannedCall): Promise<void> {
    this.#answered += 1;
    this.#clockMs += call.thenMs;
    if (this.#answered !== this.#play.hostEventAfter) return;
    if (this.#play.host === 'closing') await session.closeRun();
    if (this.#play.host === 'rollback') session.rollBack();
  }

  #arrived(id: string): void {
    const context = this.#contexts.get(id);
    if (context?.call.leavesUnanswered !== true) return;
    setTimeout(() => context.leave.abort(), GIVES_UP_MS);
  }

  #isOver(): boolean {
    const isFar =
      this.#oracle.committedNano() > BigInt(Math.round((this.#play.capUsd || 0) * NANO * FAR_OVER));
    const isLong = this.#calls >= CALLS_ENOUGH || this.#promptTokens >= PROMPT_TOKENS_ENOUGH;
    const isLarge = this.#calls >= LARGE_CALLS_MAX && this.#promptTokens >= LARGE_PROMPT_TOKENS;
    if ((isFar && isLong) || isLarge || this.#calls >= CALLS_MAX) this.#isEndedEarly = true;
    return this.#isEndedEarly;
  }

  #noteUnexpected(error: unknown): void {
    if (this.#unexpected.length < UNEXPECTED_MAX) this.#unexpected.push(String(error));
  }

  #stage(life: number): Stage {
    return {
      play: this.#play,
      clients: (fetch) => clientsOf(this.#running(), fetch),
      base: (input, init) => this.#base(input, init),
      callOf: (init) => this.#contextOf(init),
      now: () => this.#now(),
      life,
      folder: this.#folder,
    };
  }

  #running(): Emulator {
    if (this.#emulator === undefined) throw new Error('The provider has not started');
    return this.#emulator;
  }

  /** What really sends. A question that costs nothing is no attempt. */
  #base: Fetch = (input, init) => {
    if (isFree(input)) return this.#fetch(input, init);
    const { call } = this.#contextOf(init);
    const attempt = String((this.#attempts += 1));
    this.#oracle.depart(attempt, call, call.window);
    const headers = new Headers(init?.headers);
    headers.set(ATTEMPT_HEADER, attempt);
    return this.#fetch(input, { ...init, headers });
  };

  #contextOf(init: RequestInit | undefined): RefusableContext {
    const id = new Headers(init?.headers).get(CALL_HEADER) ?? '';
    const context = this.#contexts.get(id);
    if (context === undefined) throw new Error(`No call ${id} is being made`);
    return context;
  }

  /** Looks at every answer before the SDK does, so that a refusal is judged when it falls. */
  #observe({ clients }: Session): void {
    for (const client of [clients.anthropic, clients.openai]) {
      const sdk = client as unknown as { fetch: Fetch };
      const inner = sdk.fetch;
      sdk.fetch = async (input, init) => {
        const response = await inner(input, init);
        const error = refusalOfResponse(response);
        if (error === undefined && response.headers.get(REFUSED_HEADER) === null) return response;
        this.#judge(this.#contextOf(init), error);
        return response;
      };
    }
  }

  #judge(context: RefusableContext, error: HardcapError | undefined): void {
    const { call } = context;
    context.isRefused = true;
    this.#refused += 1;
    const code = error?.code ?? 'REFUSED';
    this.#codes.add(code);
    const { isNeedless, costNano, leftNano } = this.#oracle.refuse(call, call.window);
    if (!isNeedless) return;
    const cap = error instanceof BudgetCapError ? error : undefined;
    const refusal: Refusal = {
      code,
      isNeedless,
      costNano: Number(costNano),
      leftNano: Number(leftNano),
      neededNano: Math.round((cap?.needed_usd ?? 0) * NANO),
      booksNano: Math.round(((cap?.spend_usd ?? 0) + (cap?.held_usd ?? 0)) * NANO),
      committedNano: Number(this.#oracle.committedNano(call.window)),
    };
    this.#firstNeedless ??= refusal;
    const reason = explain(refusal, call, this.#play, this.#policy.name) ?? UNEXPLAINED;
    this.#needless.set(reason, (this.#needless.get(reason) ?? 0) + 1);
  }

  /** The closing call of a run that was stopped: short, and marked as what is kept for it. */
  async #wrapUp(session: Session): Promise<boolean | null> {
    const first = this.#play.rows[0]?.calls[0];
    if (this.#play.wrapUp === undefined || first === undefined) return null;
    const closing: PlannedCall = {
      ...first,
      promptTokens: CLOSING.prompt,
      outputMax: CLOSING.ceiling,
      outputWanted: CLOSING.output,
      usage: { ...first.usage, input: CLOSING.prompt, output: CLOSING.output },
    };
    const make = () => this.#make(session, { call: closing, place: 'closing', instance: 'root' });
    const whole = () => session.within(runScope(this.#play), make);
    return session.asWrapUp(whole).catch(() => false);
  }

  async #atRest(emulator: Emulator, session: Session | undefined): Promise<void> {
    const deadline = Date.now() + AT_REST_MS_MAX;
    if (this.#play.host !== 'restart') await emulator.idle();
    while ((session?.openHolds() ?? 0) > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async #closed(session: Session | undefined): Promise<void> {
    try {
      await session?.close();
    } catch (error) {
      // A store that lost what it had acknowledged says so once more when it is left.
      if (this.#play.host !== 'rollback') throw error;
    }
  }

  #summary(end: RunEnd): RunResult {
    const billNano = end.emulator.bill().totalNanoUsd - this.#outsideNano;
    const { rootError } = end;
    const isRefused = rootError !== undefined && !(rootError instanceof Stopped);
    return {
      policy: this.#policy.name,
      schedule: this.#schedule.name,
      capNano: Math.round((this.#play.capUsd || 0) * NANO),
      billNano: Number(billNano),
      fullestNano: Number(this.#oracle.fullestWindowNano()),
      calls: this.#calls,
      answered: this.#answered,
      failed: this.#failed,
      refused: this.#refused,
      refusalCodes: [...this.#codes].sort(),
      needless: Object.fromEntries([...this.#needless].sort(([a], [b]) => (a < b ? -1 : 1))),
      firstNeedless: this.#firstNeedless,
      openHolds: end.openHolds,
      isTypedAtRoot: isRefused ? rootError instanceof HardcapError : null,
      wrappedUp: end.wrappedUp,
      cutAnswers: this.#oracle.cutAnswers,
      isEndedEarly: this.#isEndedEarly,
      agrees: billNano === this.#oracle.committedNano(),
      unexpected: this.#unexpected,
    };
  }
}

/** Whether the play itself makes the call fail: its caller sees an error that is no refusal. */
function isExpectedFailure({ fault, leavesUnanswered, isCutByCrash }: PlannedCall): boolean {
  if (leavesUnanswered || isCutByCrash) return true;
  return fault !== undefined && FAILING.has(fault.kind);
}

const FAILING: ReadonlySet<string> = new Set([
  'status',
  'reset-before-response',
  'error-mid-stream',
]);

interface RunEnd {
  readonly emulator: Emulator;
  readonly openHolds: number;
  readonly rootError: unknown;
  readonly wrappedUp: boolean | null;
}

interface RefusableContext extends CallContext {
  readonly leave: AbortController;
  isRefused: boolean;
}
