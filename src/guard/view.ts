import type { HardcapError } from '../errors/error.ts';
import { joinOptions, readCallOptions } from '../policy/call-options.ts';
import type { CallOptions, ReadCallOptions } from '../policy/call-options.ts';
import { narrow } from '../policy/scope-set.ts';
import type { Scopes, ScopeSet } from '../policy/scope.ts';
import type { Admission } from './admission.ts';
import type { AccountBalance } from './balance.ts';
import { readRunScopes, type RunScopes } from './budgets/budget-scopes.ts';
import { scopeList, type Call } from './call.ts';
import type { GuardEventName, GuardEvents, Unsubscribe } from './events.ts';
import type { RefusalSubject } from './desk.ts';
import type { BudgetGuard, Check, Guard } from './guard.ts';
import type { Reservation } from './reservation.ts';

/** A guard that adds fixed scopes to every call. Inner scopes only narrow. */
export class GuardView implements Guard {
  readonly #guard: BudgetGuard;
  readonly #scopes: readonly Scopes[];
  readonly #options: ReadCallOptions | undefined;

  constructor(guard: BudgetGuard, scopes: readonly Scopes[], options: ReadCallOptions | undefined) {
    this.#guard = guard;
    this.#scopes = scopes;
    this.#options = options;
  }

  get root(): BudgetGuard {
    return this.#guard;
  }

  get ownScopes(): readonly Scopes[] {
    return this.#scopes;
  }

  get ownOptions(): ReadCallOptions | undefined {
    return this.#options;
  }

  run<T>(scopes: RunScopes, fn: () => T, options?: CallOptions): T {
    const own = joinOptions(this.#options, readCallOptions(options));
    const inner = () => this.#guard.run(scopes, fn, own);
    return this.#scopes.reduceRight<() => T>(
      (next, outer) => () => this.#guard.run(outer, next),
      inner,
    )();
  }

  for(scopes: RunScopes, options?: CallOptions): Guard {
    const own = joinOptions(this.#options, readCallOptions(options));
    return new GuardView(this.#guard, [...this.#scopes, readRunScopes(scopes)], own);
  }

  on<N extends GuardEventName>(name: N, listener: (event: GuardEvents[N]) => void): Unsubscribe {
    return this.#guard.on(name, listener);
  }

  check(call: Call): Check {
    return this.#guard.check(this.#narrowed(call));
  }

  reserve(call: Call): Reservation {
    return this.#guard.reserve(this.#narrowed(call));
  }

  reserveAsync(call: Call): Promise<Reservation> {
    return this.#guard.reserveAsync(this.#narrowed(call));
  }

  tryReserve(call: Call): Reservation | HardcapError {
    return this.#guard.tryReserve(this.#narrowed(call));
  }

  admit(call: Call): Admission {
    return this.#guard.admit(this.#narrowed(call));
  }

  balance(scopes: Scopes | readonly Scopes[] = []): readonly AccountBalance[] {
    return this.#guard.balance([...this.#scopes, ...scopeList(scopes)]);
  }

  warm(scopes: Scopes | readonly Scopes[] = []): Promise<void> {
    return this.#guard.warm([...this.#scopes, ...scopeList(scopes)]);
  }

  refresh(scopes: Scopes | readonly Scopes[] = []): Promise<void> {
    return this.#guard.refresh([...this.#scopes, ...scopeList(scopes)]);
  }

  noteRefusal(error: HardcapError, about: RefusalSubject): void {
    this.#guard.noteRefusal(error, about);
  }

  get idleTimeoutMs(): number {
    return this.#guard.idleTimeoutMs;
  }

  #narrowed(call: Call): Call {
    const scopes = [...this.#scopes, ...scopeList(call.scopes)];
    const options = joinOptions(this.#options, readCallOptions(call.options));
    return options === undefined ? { ...call, scopes } : { ...call, scopes, options };
  }
}

/** All scopes together; inner ones only narrow. */
export function narrowAll(outer: ScopeSet, inner: readonly Scopes[]): ScopeSet {
  let scopes = outer;
  for (const next of inner) scopes = narrow(scopes, next);
  return scopes;
}
