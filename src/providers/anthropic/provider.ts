import type { Provider } from '../provider.ts';
import { withModelInBody } from '../read-json.ts';
import { amendAnthropic } from './amend.ts';
import { boundAnthropic, choicesAnthropic, keepsThread } from './bound.ts';
import { outputTextAnthropic, showsOutputAnthropic } from './deltas.ts';
import {
  countRequestAnthropic,
  isCutUnsafeAnthropic,
  outputMinAnthropic,
  withOutputMaxAnthropic,
} from './near-cap.ts';
import { anthropicRefusal, isAnthropicError } from './refusal.ts';
import { readAnthropicBody, readAnthropicRequest } from './request.ts';
import { routeAnthropic } from './routes.ts';
import { openAnthropicMeter } from './usage.ts';

/** The Anthropic API: Messages and beta Messages. */
export const anthropic: Provider = {
  name: 'anthropic',
  hosts: ['api.anthropic.com'],
  route: routeAnthropic,
  geoOfHost: () => undefined,
  readRequest: readAnthropicRequest,
  readBody: readAnthropicBody,
  bound: boundAnthropic,
  keepsHistory: keepsThread,
  amend: amendAnthropic,
  meter: openAnthropicMeter,
  refusal: anthropicRefusal,
  isOwnError: isAnthropicError,
  outputField: () => 'max_tokens',
  choices: choicesAnthropic,
  withOutputMax: withOutputMaxAnthropic,
  withModel: withModelInBody,
  outputMin: outputMinAnthropic,
  isCutUnsafe: isCutUnsafeAnthropic,
  showsOutput: showsOutputAnthropic,
  outputText: outputTextAnthropic,
  countRequest: countRequestAnthropic,
};
