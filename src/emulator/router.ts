import type { Answer, Failure, Site, Turn } from './answer.ts';
import { answerCountTokens, answerMessages } from './anthropic.ts';
import { failureOf } from './failure.ts';
import type { Fault } from './fault.ts';
import type { JsonObject } from './json.ts';
import { answerChat } from './openai-chat.ts';
import { answerCompletions, answerEmbeddings, answerImages } from './openai-other.ts';
import { answerInputTokens, answerResponses } from './openai-responses.ts';
import type { Api, EmulatedRequest } from './request.ts';

/** The endpoints that take a body and name a model. */
const ENDPOINTS: Readonly<
  Record<Exclude<Api, 'models' | 'admin' | 'unknown'>, (turn: Turn) => Answer>
> = {
  messages: answerMessages,
  'count-tokens': answerCountTokens,
  chat: answerChat,
  responses: answerResponses,
  'input-tokens': answerInputTokens,
  embeddings: answerEmbeddings,
  completions: answerCompletions,
  images: answerImages,
};

/** What the provider answers: an error, something free, or a generation with its charge. */
export function answerRequest(
  request: EmulatedRequest,
  fault: Fault | undefined,
  site: Site,
): Answer {
  const { api, body, model, provider } = request;
  if (api === 'models') return answerModels(request, site);
  if (api === 'unknown' || api === 'admin') return failureOf(404, provider);
  if (body === undefined) {
    return { ...failureOf(400, provider), message: 'The request body is not valid JSON' };
  }
  if (model === '') return { ...failureOf(400, provider), message: 'model: Field required' };
  const price = site.prices[model];
  if (price === undefined || price.provider !== provider) return unknownModel(request);
  return ENDPOINTS[api]({ request, body, price, fault, site });
}

function unknownModel({ model, provider }: Pick<EmulatedRequest, 'model' | 'provider'>): Failure {
  const failure = failureOf(404, provider);
  return provider === 'anthropic'
    ? { ...failure, message: `model: ${model}` }
    : {
        ...failure,
        message: `The model \`${model}\` does not exist or you do not have access to it.`,
        code: 'model_not_found',
      };
}

/** GET /v1/models and /v1/models/{id}: the models that have a price. */
function answerModels({ path, provider }: EmulatedRequest, site: Site): Answer {
  const ids = Object.keys(site.prices).filter((id) => site.prices[id]?.provider === provider);
  const asked = decodeURIComponent(path.slice('/v1/models/'.length));
  if (asked !== '') {
    return ids.includes(asked)
      ? { kind: 'free', body: modelBody(asked, provider, site) }
      : unknownModel({ model: asked, provider });
  }
  const data = ids.map((id) => modelBody(id, provider, site));
  const page = { has_more: false, first_id: ids[0] ?? null, last_id: ids.at(-1) ?? null };
  const body = provider === 'anthropic' ? { data, ...page } : { object: 'list', data };
  return { kind: 'free', body };
}

function modelBody(id: string, provider: EmulatedRequest['provider'], site: Site): JsonObject {
  if (provider === 'openai') return { id, object: 'model', created: 0, owned_by: 'openai' };
  const price = site.prices[id];
  return {
    type: 'model',
    id,
    display_name: id,
    created_at: '1970-01-01T00:00:00Z',
    max_input_tokens: price?.inputTokensMax ?? null,
    max_tokens: price?.outputTokensMax ?? null,
  };
}
