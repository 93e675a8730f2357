import type { Failure, Turn } from './answer.ts';
import { chargedModel } from './answer.ts';
import type { Charge } from './bill.ts';
import { servedTier } from './bill.ts';
import type { JsonObject } from './json.ts';
import { countIn, textIn } from './json.ts';
import type { ServedTier } from './price.ts';
import type { Reply } from './reply.ts';
import type { BilledUsage } from './usage.ts';

/** The `service_tier` values that OpenAI takes; anything else is a 400. */
const TIERS: Readonly<Record<string, ServedTier>> = {
  auto: 'standard',
  default: 'standard',
  scale: 'standard',
  flex: 'flex',
  priority: 'priority',
  fast: 'priority',
};

/** A 400 in OpenAI's words. */
export function badRequest(message: string, param?: string): Failure {
  return {
    kind: 'failure',
    status: 400,
    type: 'invalid_request_error',
    message,
    ...(param === undefined ? {} : { param }),
  };
}

/** Checks the output ceiling in `field` and the service tier; `undefined` when both stand. */
export function checkCommon({ body, price }: Turn, field: string): Failure | undefined {
  const ceiling = body[field];
  if (ceiling !== undefined && ceiling !== null) {
    const most = price.outputTokensMax;
    const count = countIn(ceiling);
    if (count === undefined || count === 0) {
      return badRequest(`Invalid '${field}': expected a whole number from 1`, field);
    }
    if (most !== undefined && count > most) {
      return badRequest(
        `${field} is too large: ${count}. This model supports at most ${most} tokens`,
        field,
      );
    }
  }
  const tier = textIn(body['service_tier']);
  if (tier !== undefined && TIERS[tier] === undefined) {
    return badRequest(`Invalid service_tier argument: ${tier}`, 'service_tier');
  }
  return undefined;
}

/** A 400 when the counted prompt does not fit into the model's window. */
export function checkPrompt({ price }: Turn, tokens: number): Failure | undefined {
  const most = price.inputTokensMax;
  if (most === undefined || tokens <= most) return undefined;
  const message = `This model's maximum context length is ${most} tokens, not ${tokens}`;
  return { ...badRequest(message, 'messages'), code: 'context_length_exceeded' };
}

/** `n` of the request: choices or images, at least 1; `undefined` when it is no such number. */
export function choiceCount(body: JsonObject): number | undefined {
  const { n } = body;
  if (n === undefined || n === null) return 1;
  const count = countIn(n);
  return count === undefined || count === 0 || count > 128 ? undefined : count;
}

/** The charge of one OpenAI answer; a tier that the model lacks serves as standard. */
export function openaiCharge(turn: Turn, reply: Reply, usage: BilledUsage): Charge {
  const asked = TIERS[textIn(turn.body['service_tier']) ?? 'auto'] ?? 'standard';
  return {
    model: chargedModel(turn),
    usage,
    tier: servedTier(turn.price, usage, reply.serviceTier ?? asked),
    isFast: false,
    geo: reply.inferenceGeo,
    iterations: [],
  };
}

/** The served tier as OpenAI names it. */
export function tierName(charge: Charge): string {
  return charge.tier === 'standard' ? 'default' : charge.tier;
}

/** Epoch seconds, as OpenAI stamps its answers. */
export function createdAt(turn: Turn): number {
  return Math.floor(turn.request.at / 1_000);
}
