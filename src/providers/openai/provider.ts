import type { Provider } from '../provider.ts';
import { amendOpenAI } from './amend.ts';
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
};
