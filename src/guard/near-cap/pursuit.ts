import { HardcapError, invariant } from '../../errors/error.ts';
import type { Account, Amounts } from '../../ledger/account.ts';
import type { ReserveOrder, ReserveReply, Short } from '../../ledger/ledger.ts';
import { STRATEGIES, type Strategy } from '../../policy/on-short.ts';
import type { RequestFacts } from '../../providers/provider.ts';
import { tokens, type Tokens } from '../../units/count.ts';
import { after, between, type DurationMs, type EpochMs } from '../../units/time.ts';
import { shortOf } from '../balance.ts';
import type { Quote } from '../call.ts';
import type { Attempt } from '../desk.ts';
import type { InputMeasure } from '../tight.ts';
import { adaptationOf, ceilingOf } from './adaptation.ts';
import { fitted, fittedLeast } from './fit.ts';
import { canCome, nextLeaving } from './hope.ts';
import type { Outcome, Procedure } from './steps.ts';
import type { PursuitTools } from './tools.ts';

/** What the ledger said first, and to what. */
export interface FirstReply {
  readonly order: ReserveOrder;
  readonly reply: ReserveReply;
}

/** The margin on the provider's own count, which is documented as an estimate. */
const COUNT_MARGIN = 1.02;

/** A hold or a refusal, or the accounts that were short; none: only a store knows. */
type Taken = Outcome | readonly Short[];

/**
 * One call that did not fit at first, on its way through the strategies that apply to it. Nothing
 * is held for it until it has an outcome; what it is held for is what must be sent.
 */
export class Pursuit {
  readonly #tools: PursuitTools;
  readonly #attempt: Attempt;
  readonly #since: EpochMs;
  readonly #tried = new Set<Strategy>();
  /** As it was asked for. */
  #asked: Quote;
  /** The same under the closest measure so far. */
  #closest: Quote;
  #isMeasured = false;
  #countedTokens: Tokens | undefined;
  #short: readonly Short[] = [];
  #deadline: EpochMs;
  #isWaiting = false;
  /** Whether time has passed since the ledger's first word. */
  #hasAwaited = false;
  #leastForm: { readonly of: Quote; readonly amounts: Amounts } | undefined;

  constructor(tools: PursuitTools, asked: Quote, attempt: Attempt) {
    this.#tools = tools;
    this.#attempt = attempt;
    this.#asked = asked;
    this.#closest = asked;
    this.#since = tools.clock();
    this.#deadline = this.#since;
  }

  /** Goes on from what the ledger said; all strategies in their order, then the refusal. */
  *run(first: FirstReply): Procedure<Outcome> {
    const taken = yield* this.#taken(first.reply, first.order, this.#asked);
    if (!isShort(taken)) return taken;
    this.#short = taken;
    return yield* this.#tryAll();
  }

  /**
   * Begins behind those who wait for the same accounts. Where its own wait comes to nothing and
   * others still wait, it is refused: what has come back is theirs.
   */
  *runBehind(waitedForNow: () => readonly Account[]): Procedure<Outcome> {
    const listed = this.#strategiesFor(waitedForNow());
    this.#tried.add('wait');
    const before = listed.slice(0, listed.indexOf('wait'));
    // Whether room can come is judged by the closest bound, and it is not this call's turn to take.
    if (before.includes('count')) this.#measureCloser();
    const waited = yield* this.#wait(before);
    if (waited !== undefined) return waited;
    const others = waitedForNow();
    if (others.length > 0) {
      this.#short = shortOf(this.#tools.ledger, this.#closest, others);
      return yield* this.#tryAll(['fallback']);
    }
    const taken = yield* this.#take(this.#asked);
    if (!isShort(taken)) return taken;
    this.#short = taken;
    return yield* this.#tryAll();
  }

  /** Whether it may stand behind those who wait for these accounts. */
  mayQueueFor(waitedFor: readonly Account[]): boolean {
    return this.#strategiesFor(waitedFor).includes('wait');
  }

  *#tryAll(only: readonly Strategy[] = STRATEGIES): Procedure<Outcome> {
    for (;;) {
      const listed = this.#strategiesFor(this.#short.map(({ account }) => account));
      const next = listed.find((one) => only.includes(one) && !this.#tried.has(one));
      if (next === undefined) return this.#refuse();
      this.#tried.add(next);
      const outcome = yield* this.#try(next, listed);
      if (outcome !== undefined) return outcome;
    }
  }

  #try(strategy: Strategy, listed: readonly Strategy[]): Procedure<Outcome | undefined> {
    switch (strategy) {
      case 'count':
        return this.#count();
      case 'fit':
        return this.#fit();
      case 'wait':
        return this.#wait(listed.slice(0, listed.indexOf('wait')));
      case 'fallback':
        return this.#fallBack(listed.includes('count'));
    }
  }

  *#count(): Procedure<Outcome | undefined> {
    const outcome = yield* this.#countCloser();
    if (outcome !== undefined) return outcome;
    const { call, mayAwait } = this.#attempt;
    const { facts, bound } = this.#asked;
    const mayAsk = mayAwait && this.#tools.settings.countEndpoint && call.countInput !== undefined;
    if (!mayAsk || bound.maySampleAgain) return undefined;
    const answer = yield { kind: 'count', facts };
    this.#hasAwaited = true;
    invariant(answer?.kind === 'counted', 'a count is answered by a count');
    // No request has an input of nothing: a zero is no count.
    if (answer.tokens === undefined || answer.tokens === 0) return undefined;
    this.#countedTokens = tokens(Math.ceil(answer.tokens * COUNT_MARGIN));
    this.#comeCloser(this.#requote(facts, this.#closest.measure));
    return yield* this.#countCloser();
  }

  /** Tries the call as it is counted without the network. */
  *#countCloser(): Procedure<Outcome | undefined> {
    this.#measureCloser();
    if (this.#closest === this.#asked) return undefined;
    const taken = yield* this.#take(this.#closest);
    if (!isShort(taken)) return taken;
    if (taken.length > 0) this.#short = taken;
    return undefined;
  }

  /** Measures more closely, once: that costs time, and says the same each time. */
  #measureCloser(): void {
    if (this.#isMeasured) return;
    this.#isMeasured = true;
    this.#comeCloser(this.#requote(this.#asked.facts, this.#tools.closerMeasure));
  }

  #comeCloser(closer: Quote | HardcapError): void {
    if (!(closer instanceof HardcapError) && isCloser(closer, this.#closest))
      this.#closest = closer;
  }

  *#fit(): Procedure<Outcome | undefined> {
    const quote = this.#closest;
    if (!this.#mayCut()) return undefined;
    const lowered = fitted(quote, this.#short, {
      least: this.#leastCeiling(),
      requote: (facts) => this.#requote(facts, quote.measure),
    });
    if (lowered === undefined) return undefined;
    const taken = yield* this.#take(lowered);
    return isShort(taken) ? undefined : taken;
  }

  *#fallBack(mayCount: boolean): Procedure<Outcome | undefined> {
    const { provider, facts } = this.#asked;
    const { fallback } = this.#tools.settings;
    const models = Object.hasOwn(fallback, facts.model) ? (fallback[facts.model] ?? []) : [];
    const { measure: own } = this.#asked;
    const measures = new Set(mayCount ? [own, this.#tools.closerMeasure] : [own]);
    for (const model of models) {
      const changed = provider.withModel(facts, model);
      for (const measure of measures) {
        const quote = this.#requote(changed, measure);
        if (quote instanceof HardcapError || !canAnswer(quote)) break;
        // A dearer one could cost more than another guard around this one holds.
        if (measure === own && quote.amounts.usd > this.#asked.amounts.usd) break;
        const taken = yield* this.#take(quote);
        if (!isShort(taken)) return taken;
      }
    }
    return undefined;
  }

  *#wait(before: readonly Strategy[]): Procedure<Outcome | undefined> {
    const { clock } = this.#tools;
    this.#deadline = after(clock(), this.#waitMsMax());
    if (!this.#attempt.mayAwait || !this.#isHopeful(before)) return undefined;
    const answer = yield {
      kind: 'wait',
      waiter: {
        accounts: this.#asked.accounts,
        short: () => this.#short.map(({ account }) => account),
        turn: () => this.#turn(before),
        isHopeful: () => this.#isHopeful(before),
        nextLeaving: () =>
          nextLeaving(this.#asked.accounts, { at: clock(), deadline: this.#deadline }),
        onWaiting: () => {
          this.#isWaiting = true;
        },
        waitMsMax: this.#waitMsMax(),
      },
    };
    this.#isWaiting = false;
    this.#hasAwaited = true;
    invariant(answer?.kind === 'waited', 'a wait is answered by what it came to');
    return answer.outcome;
  }

  /** Tries the call as it was asked for, and then what is listed before `wait`. */
  *#turn(before: readonly Strategy[]): Procedure<Outcome | undefined> {
    this.#renew();
    const taken = yield* this.#take(this.#asked);
    if (!isShort(taken)) return taken;
    if (taken.length > 0) this.#short = taken;
    if (before.includes('count')) {
      const outcome = yield* this.#countCloser();
      if (outcome !== undefined) return outcome;
    }
    return before.includes('fit') ? yield* this.#fit() : undefined;
  }

  /** Plans and prices again what was so for an instant that is past: windows move, and prices. */
  #renew(): void {
    const { clock, book, policy } = this.#tools;
    const at = clock();
    const renewed = (quote: Quote): Quote => {
      const { provider, facts, card, scopes, measure } = quote;
      if (book.find(provider.name, facts.model, at) !== card) {
        const again = this.#requote(facts, measure);
        if (!(again instanceof HardcapError)) return again;
      }
      const accounts = policy.plan(scopes, at, this.#isWrapUp());
      return 'kind' in accounts ? quote : { ...quote, accounts };
    };
    const isCounted = this.#closest !== this.#asked;
    this.#asked = renewed(this.#asked);
    this.#closest = isCounted ? renewed(this.#closest) : this.#asked;
  }

  *#take(quote: Quote): Procedure<Taken> {
    const { ledger, newId, clock } = this.#tools;
    const { amounts, accounts } = quote;
    const order = { id: newId(), at: clock(), amounts, accounts };
    return yield* this.#taken(ledger.reserve(order), order, quote);
  }

  *#taken(first: ReserveReply, order: ReserveOrder, quote: Quote): Procedure<Taken> {
    let reply = first;
    if (reply.kind === 'ask' && this.#attempt.mayAwait) {
      const answer = yield { kind: 'ask', order };
      this.#hasAwaited = true;
      if (answer?.kind === 'failed') {
        return this.#tools.desk.refused(answer.error, this.#attempt.call);
      }
      invariant(answer?.kind === 'replied', 'a question to the store is answered by its reply');
      reply = answer.reply;
    }
    const terms = { quote, order, attempt: this.#attempt, adaptation: undefined };
    switch (reply.kind) {
      case 'reserved': {
        const adaptation = this.#adaptation(quote);
        return this.#tools.desk.held({ ...terms, adaptation }, reply.observedShort);
      }
      case 'refused':
      case 'ask':
        return reply.short ?? [];
      case 'unavailable':
      case 'conflict':
        return this.#tools.desk.refusedBy(reply, terms);
    }
  }

  #adaptation(quote: Quote) {
    const asked = this.#asked;
    const hasCount = quote.measure !== asked.measure || this.#isByCount(quote);
    const used: Readonly<Record<Strategy, boolean>> = {
      count: hasCount,
      fit: ceilingOf(quote, quote.facts) !== ceilingOf(asked, asked.facts),
      wait: this.#isWaiting,
      fallback: quote.facts.model !== asked.facts.model,
    };
    const strategies = STRATEGIES.filter((strategy) => used[strategy]);
    if (strategies.length === 0) return undefined;
    const waitedMs = this.#isWaiting ? between(this.#since, this.#tools.clock()) : 0;
    return adaptationOf(strategies, { asked, quote, waitedMs });
  }

  /** Whether the provider's own count is what bounds its input. */
  #isByCount(quote: Quote): boolean {
    return this.#countedTokens !== undefined && quote.bound.inputTokens === this.#countedTokens;
  }

  #refuse(): HardcapError {
    const { ledger, clock, desk } = this.#tools;
    if (this.#hasAwaited) this.#renew();
    const now = this.#hasAwaited ? shortOf(ledger, this.#closest) : [];
    const short = now.length > 0 ? now : this.#short;
    return desk.refusedShort(short, { quote: this.#closest, at: clock(), attempt: this.#attempt });
  }

  #requote(facts: RequestFacts, measure: InputMeasure | undefined): Quote | HardcapError {
    const { requote, clock } = this.#tools;
    const isSame = facts.model === this.#asked.facts.model;
    return requote(facts, {
      like: this.#asked,
      at: clock(),
      measure,
      countedTokens: isSame ? this.#countedTokens : undefined,
      isWrapUp: this.#isWrapUp(),
    });
  }

  /** The call's own list, or what the lists of all these accounts' caps have in common. */
  #strategiesFor(accounts: readonly Account[]): readonly Strategy[] {
    const { settings } = this.#tools;
    const own = this.#attempt.options?.onShort;
    if (own !== undefined) return own;
    const lists = accounts.map(
      ({ capId }) => this.#tools.policy.capOf(capId)?.onShort ?? settings.onShort,
    );
    const [first = settings.onShort, ...others] = lists;
    return first.filter((strategy) => others.every((list) => list.includes(strategy)));
  }

  #leastCeiling(): Tokens {
    const { settings, policy } = this.#tools;
    const own = this.#attempt.options?.minOutputTokens;
    const { provider, facts } = this.#asked;
    if (own !== undefined) return provider.outputMin(facts, own);
    const ofCaps = this.#short.map(
      ({ account }) => policy.capOf(account.capId)?.minOutputTokens ?? settings.minOutputTokens,
    );
    const least = tokens(Math.max(...ofCaps)) ?? settings.minOutputTokens;
    return provider.outputMin(facts, least);
  }

  #mayCut(): boolean {
    const { provider, facts } = this.#asked;
    const isAllowed = this.#attempt.options?.fitStructured ?? this.#tools.settings.fitStructured;
    return isAllowed || !provider.isCutUnsafe(facts);
  }

  /** Whether room can come for the least form of the call that is tried while it waits. */
  #isHopeful(before: readonly Strategy[]): boolean {
    const { accounts } = this.#asked;
    if (before.includes('count')) this.#measureCloser();
    const amounts = before.includes('fit') ? this.#leastAmounts() : this.#closest.amounts;
    return canCome(this.#tools.ledger, { accounts, amounts }, this.#deadline);
  }

  /** What the call needs with its least ceiling: asked often while it waits, so it is kept. */
  #leastAmounts(): Amounts {
    const quote = this.#closest;
    if (!this.#mayCut()) return quote.amounts;
    if (this.#leastForm?.of.bound !== quote.bound) {
      const requote = (facts: RequestFacts) => this.#requote(facts, quote.measure);
      const least = fittedLeast(quote, this.#leastCeiling(), requote);
      this.#leastForm = { of: quote, amounts: least?.amounts ?? quote.amounts };
    }
    return this.#leastForm?.amounts ?? quote.amounts;
  }

  #waitMsMax(): DurationMs {
    return this.#attempt.options?.waitMsMax ?? this.#tools.settings.waitMsMax;
  }

  #isWrapUp(): boolean {
    return this.#attempt.options?.wrapUp === true;
  }
}

function isShort(taken: Taken): taken is readonly Short[] {
  return Array.isArray(taken);
}

function isCloser(left: Quote, right: Quote): boolean {
  const [one, other] = [left.amounts, right.amounts];
  return one.usd < other.usd || one.tokens < other.tokens;
}

/** Whether the model can give an answer as long as the request asks for; else it is turned away. */
function canAnswer(quote: Quote): boolean {
  const asked = ceilingOf(quote, quote.facts);
  const most = quote.card.outputTokensMax;
  return asked === undefined || most === undefined || asked <= most;
}
