import type { Tokens } from '../units/count.ts';
import type { NanoUsd } from '../units/money.ts';

/**
 * Classes of billed tokens. They are disjoint: a token is in exactly one, whatever the provider's
 * own counting (Anthropic's caches are beside `input_tokens`, OpenAI's inside it).
 */
export const TOKEN_CLASSES = [
  'input',
  'cacheRead',
  'cacheWrite5m',
  'cacheWrite1h',
  'audioInput',
  'audioCacheRead',
  'imageInput',
  'imageCacheRead',
  'output',
  'audioOutput',
  'imageOutput',
] as const;

/** One of the classes that a billed token can be in. */
export type TokenClass = (typeof TOKEN_CLASSES)[number];

/** Things billed by the piece. */
export type FeeKind = 'webSearch' | 'fileSearch' | 'codeSession' | 'image';

/** At which service tier the provider says it served; `standard` is what both call default. */
export type ServiceTier = 'standard' | 'priority' | 'flex' | 'batch';

/** What one model billed inside one attempt. */
export interface UsageLine {
  /**
   * The model that the provider says answered; `undefined` means not reported: the requested one.
   */
  readonly model: string | undefined;
  readonly tokens: Readonly<Partial<Record<TokenClass, Tokens>>>;
  readonly fees: Readonly<Partial<Record<FeeKind, number>>>;
  readonly serviceTier: ServiceTier | undefined;
  /** Anthropic fast mode. */
  readonly isFast: boolean;
  /** Anthropic `inference_geo` / data residency where it carries an uplift: `us`, `eu` ... */
  readonly geo: string | undefined;
}

/**
 * What an attempt billed. More than one line when other models took part (compaction, advisor,
 * fallback).
 */
export interface Usage {
  readonly lines: readonly UsageLine[];
}

/** What a meter can say at any moment. */
export type MeterReading =
  /** The provider's final word. */
  | {
      readonly kind: 'complete';
      readonly usage: Usage;
      /** The answer's own id, by which a later request may continue from it. */
      readonly responseId?: string;
      /** The provider's own figure of what the answer cost, where it states one. */
      readonly reportedCost?: NanoUsd;
    }
  /**
   * Some classes are final (`usage`), the answer broke off before the rest. `outputKnown` is false
   * then.
   */
  | { readonly kind: 'partial'; readonly usage: Usage; readonly outputKnown: boolean }
  /** The provider said nothing about usage. */
  | { readonly kind: 'missing' }
  /** The provider itself reported an error in the body and no usage. */
  | { readonly kind: 'failed'; readonly message: string }
  /** Numbers that cannot be meant (negative, fractional, above 2^53 - 1, cached above input). */
  | { readonly kind: 'hostile'; readonly reason: string };

/** Reads one response body as it passes by, in bounded memory, without keeping it. */
export interface Meter {
  /** The next bytes of the body, in order. */
  push(chunk: Uint8Array): void;
  /**
   * What the bytes so far amount to; cumulative figures replace, they never add. May be called any
   * time.
   */
  read(): MeterReading;
}
