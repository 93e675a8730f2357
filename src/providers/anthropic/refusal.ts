import type { HardcapError } from '../../errors/error.ts';
import type { RefusalResponse } from '../provider.ts';
import { isObject } from '../read-json.ts';

/**
 * A final refusal in the provider's own shape: 402 `billing_error`, or 400 `invalid_request_error`
 * where the caller's request is at fault. No `Retry-After`: a client would wait and send again.
 */
export function anthropicRefusal(error: HardcapError): RefusalResponse {
  const isMisuse = error.kind === 'misuse';
  return {
    status: isMisuse ? 400 : 402,
    headers: { 'content-type': 'application/json', 'x-should-retry': 'false' },
    body: {
      type: 'error',
      error: {
        type: isMisuse ? 'invalid_request_error' : 'billing_error',
        message: error.message,
        budget: error.toJSON(),
      },
    },
  };
}

/** Whether an error body is Anthropic's: `{ type: 'error', error: { type } }`. */
export function isAnthropicError(status: number, body: unknown): boolean {
  if (status < 400 || !isObject(body) || body['type'] !== 'error') return false;
  return isObject(body['error']) && typeof body['error']['type'] === 'string';
}
