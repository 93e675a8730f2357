import type { HardcapError } from '../../errors/error.ts';
import type { RefusalResponse } from '../provider.ts';
import { isObject } from '../read-json.ts';

/**
 * A final refusal in the provider's own shape: 402 `insufficient_quota`, or 400
 * `invalid_request_error` where the caller's request is at fault. No `Retry-After`: a client would
 * wait and send again.
 */
export function openAIRefusal(error: HardcapError): RefusalResponse {
  const isMisuse = error.kind === 'misuse';
  return {
    status: isMisuse ? 400 : 402,
    headers: { 'content-type': 'application/json', 'x-should-retry': 'false' },
    body: {
      error: {
        message: error.message,
        type: isMisuse ? 'invalid_request_error' : 'insufficient_quota',
        param: null,
        code: isMisuse ? error.code.toLowerCase() : 'insufficient_quota',
        budget: error.toJSON(),
      },
    },
  };
}

/** Whether an error body is OpenAI's: `{ error: { message } }`. */
export function isOpenAIError(status: number, body: unknown): boolean {
  if (status < 400 || !isObject(body)) return false;
  return isObject(body['error']) && typeof body['error']['message'] === 'string';
}
