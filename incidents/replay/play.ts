import type { Fault } from '../../src/emulator/emulator.ts';
import type { BudgetGuardConfig } from '../../src/index.ts';
import type { Incident, PriceName } from '../catalogue/incident.ts';
import type { Tariff } from './prices.ts';

/** Which endpoint a call goes to. */
export type Endpoint = 'messages' | 'chat' | 'responses' | 'embeddings';

/** What a call truly uses. The classes are disjoint. */
export interface TrueUsage {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** Reasoning included; what a ceiling on the wire or a broken stream leaves of it. */
  readonly output: number;
  readonly reasoning: number;
  readonly units: number;
}

/**
 * What the framework's own tracker makes of a call, as the incident tells it. Only the baselines
 * look at it: hardcap reads the wire.
 */
export interface Tracker {
  /** How often it counts the call: 0 does not see it, 2 counts it twice. */
  readonly counts: number;
  /** The profile that it prices the call by. */
  readonly profile: PriceName;
  /** Its table over the true price. */
  readonly factor: number;
  /** Cached tokens: by their own prices, as nothing, or once more as plain input. */
  readonly cache: 'right' | 'ignored' | 'again';
  readonly seesReasoning: boolean;
  readonly seesUnits: boolean;
  /** Whether a chunk's running usage is added to that of the chunks before it. */
  readonly sumsChunks: boolean;
  /** Input tokens that it takes the request for before sending. */
  readonly expectedInput: number | undefined;
  /** Whether its figures are no numbers. */
  readonly isNaN: boolean;
  /** Whose counter it is kept in: one for all, one for each instance, call or life. */
  readonly counter: 'one' | 'instance' | 'call' | 'life';
}

/** One call before it is made: what goes on the wire and what it truly uses. */
export interface PlannedCall {
  readonly endpoint: Endpoint;
  /** On the wire. */
  readonly model: string;
  /** The profile that is billed. */
  readonly billed: Tariff;
  /** Prose in the prompt, with the provider's framing. */
  readonly promptTokens: number;
  /** Base64 in the prompt, as text. */
  readonly base64Chars: number;
  readonly image: { readonly tokens: number; readonly chars: number } | undefined;
  /** Tokens of the prompt that the conversation has gained since its first call. */
  readonly grownTokens: number;
  /** Continues the conversation that the provider keeps. */
  readonly continues: boolean;
  readonly usage: TrueUsage;
  /** What the model would write with no ceiling and nobody leaving. */
  readonly outputWanted: number;
  readonly outputMax: number | undefined;
  /** Marks the prompt for the provider's cache. */
  readonly marksCache: boolean;
  /** Tool uses that the request asks for, at a fee each; undefined: no such tool. */
  readonly searchTool: 'uses' | 'lump' | undefined;
  readonly isStream: boolean;
  /** The client leaves after so many of the stream's 20 pieces. */
  readonly leavesAfter: number | undefined;
  readonly fault: Fault | undefined;
  /** The client gives up waiting once the provider has begun. */
  readonly leavesUnanswered: boolean;
  /** What the SDK itself may repeat. */
  readonly sdkRetries: number;
  readonly tracker: Tracker;
  /** In which window of the cap it starts: 0 is the first. */
  readonly window: number;
  readonly afterRestart: boolean;
  /** Left in flight when the process is killed. */
  readonly isCutByCrash: boolean;
  /** The clock moves on by so much after it. */
  readonly thenMs: number;
  /** The clock moves on by so much while it is in flight. */
  readonly meanwhileMs: number;
  /** The scopes that a caller would name beside those of its actor. */
  readonly scopes: Readonly<Record<string, string>>;
}

/** Calls of one actor that are alike but for their place in the row. */
export interface PlannedRow {
  readonly actor: string;
  readonly mode: 'seq' | 'parallel';
  readonly calls: readonly PlannedCall[];
}

/** One kind of caller below its parent. */
export interface PlannedActor {
  readonly id: string;
  readonly parent: string | undefined;
  readonly n: number;
}

/** One way of playing a scenario: most have one, some can be meant in two. */
export interface Play {
  readonly incident: Incident;
  readonly variant: string;
  /** What this variant takes the catalogue's words to mean; empty where there is only one. */
  readonly note: string;
  /** Why the promise does not cover this variant; it is played, shown, and not judged. */
  readonly outside: string | undefined;
  /** Dollars; NaN where the scenario says so. */
  readonly capUsd: number;
  /** Which accounts the cap is on. */
  readonly capScope: string;
  readonly capWindow: 'lifetime' | 'day';
  readonly wrapUp: number | undefined;
  readonly config: Partial<BudgetGuardConfig>;
  readonly tariffs: readonly Tariff[];
  readonly actors: readonly PlannedActor[];
  readonly rows: readonly PlannedRow[];
  /** What keeps the books, and what happens to it. */
  readonly host: 'memory' | 'restart' | 'rollback' | 'closing';
  /** Where that matters, after how many answers it happens. */
  readonly hostEventAfter: number;
  /** Whether callers go on after a refusal, as a loop without sense does. */
  readonly ignoresRefusals: boolean;
  /** Attempts are repeats of one call, so a failure does not end the loop. */
  readonly isRetryStorm: boolean;
  /** Physical attempts after which nobody tries again; what the SDK repeats counts. */
  readonly attemptsMax: number | undefined;
  /** Whether every call must run: nothing may be refused. */
  readonly mustRun: boolean;
  readonly startsAt: number;
  readonly billOnDisconnect: 'full' | 'generated';
  /** Tokens of the conversation that the provider keeps; 0: none. */
  readonly storedTokens: number;
  /** Rules of `exceptions.ts` that can explain a refusal here. */
  readonly excuses: readonly string[];
}
