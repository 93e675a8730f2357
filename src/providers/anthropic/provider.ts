import type { Provider } from '../provider.ts';
import { anthropicRefusal, isAnthropicError } from './refusal.ts';
import {
  boundAnthropic,
  choicesAnthropic,
  readAnthropicBody,
  readAnthropicRequest,
} from './request.ts';
import { routeAnthropic } from './routes.ts';
import { openAnthropicMeter } from './usage.ts';

/** The Anthropic API: Messages and beta Messages. */
export const anthropic: Provider = {
  name: 'anthropic',
  hosts: ['api.anthropic.com'],
  route: routeAnthropic,
  readRequest: readAnthropicRequest,
  readBody: readAnthropicBody,
  bound: boundAnthropic,
  amend: () => undefined,
  meter: openAnthropicMeter,
  refusal: anthropicRefusal,
  isOwnError: isAnthropicError,
  outputField: () => 'max_tokens',
  choices: choicesAnthropic,
};
