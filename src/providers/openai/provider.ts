import type { Provider } from '../provider.ts';
import { withModelInBody } from '../read-json.ts';
import { amendOpenAI } from './amend.ts';
import { outputTextOpenAI, showsOutputOpenAI } from './deltas.ts';
import {
  countRequestOpenAI,
  isCutUnsafeOpenAI,
  outputMinOpenAI,
  withOutputMaxOpenAI,
} from './near-cap.ts';
import { isOpenAIError, openAIRefusal } from './refusal.ts';
import {
  boundOpenAI,
  choicesOpenAI,
  outputFieldOpenAI,
  readOpenAIBody,
  readOpenAIRequest,
} from './request.ts';
import { geoOfHostOpenAI, routeOpenAI } from './routes.ts';
import { openOpenAIMeter } from './usage.ts';

/** The OpenAI API: chat completions, responses, embeddings, legacy completions, images. */
export const openai: Provider = {
  name: 'openai',
  hosts: ['api.openai.com'],
  route: routeOpenAI,
  geoOfHost: geoOfHostOpenAI,
  readRequest: readOpenAIRequest,
  readBody: readOpenAIBody,
  bound: boundOpenAI,
  keepsHistory: () => false,
  amend: amendOpenAI,
  meter: openOpenAIMeter,
  refusal: openAIRefusal,
  isOwnError: isOpenAIError,
  outputField: outputFieldOpenAI,
  choices: choicesOpenAI,
  withOutputMax: withOutputMaxOpenAI,
  withModel: withModelInBody,
  outputMin: outputMinOpenAI,
  isCutUnsafe: isCutUnsafeOpenAI,
  showsOutput: showsOutputOpenAI,
  outputText: outputTextOpenAI,
  countRequest: countRequestOpenAI,
};
