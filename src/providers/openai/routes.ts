import { matchRoute, routeTable, type RouteRule } from '../match-route.ts';
import type { Route } from '../provider.ts';

/** What each path of the OpenAI API costs. Whatever is not listed is unmetered, so refused. */
export function routeOpenAI(request: { readonly method: string; readonly path: string }): Route {
  return matchRoute(TABLE, request);
}

function rows(
  kind: RouteRule['kind'],
  name: string,
  lines: readonly `${string} ${string}`[],
): RouteRule[] {
  return lines.map((line) => {
    const [method = '', path = ''] = line.split(' ');
    return { method, path, kind, name };
  });
}

const RULES: readonly RouteRule[] = [
  ...rows('metered', 'chat.completions', ['POST chat/completions']),
  ...rows('metered', 'responses', ['POST responses']),
  ...rows('metered', 'completions', ['POST completions']),
  ...rows('metered', 'embeddings', ['POST embeddings']),
  ...rows('metered', 'images.generations', ['POST images/generations']),
  ...rows('unmetered', 'images.edits', ['POST images/edits']),
  ...rows('unmetered', 'images.variations', ['POST images/variations']),
  ...rows('unmetered', 'responses.compact', ['POST responses/compact']),
  ...rows('unmetered', 'audio', [
    'POST audio/speech',
    'POST audio/transcriptions',
    'POST audio/translations',
  ]),
  ...rows('unmetered', 'batches', ['POST batches']),
  ...rows('unmetered', 'fine_tuning', ['POST fine_tuning/jobs']),
  ...rows('unmetered', 'videos', ['POST videos']),
  ...rows('free', 'responses.input_tokens', ['POST responses/input_tokens']),
  ...rows('free', 'moderations', ['POST moderations']),
  ...rows('free', 'models', ['GET models', 'GET models/*']),
  ...rows('free', 'files', [
    'GET files',
    'GET files/*',
    'GET files/*/content',
    'POST files',
    'DELETE files/*',
  ]),
  ...rows('free', 'responses.retrieve', [
    'GET responses/*',
    'GET responses/*/input_items',
    'DELETE responses/*',
    'POST responses/*/cancel',
  ]),
  // "Currently, the only supported modification is to update the `metadata` field" (SDK 7.57).
  ...rows('free', 'chat.completions.stored', [
    'GET chat/completions',
    'GET chat/completions/*',
    'GET chat/completions/*/messages',
    'POST chat/completions/*',
    'DELETE chat/completions/*',
  ]),
  ...rows('free', 'batches.read', ['GET batches', 'GET batches/*', 'POST batches/*/cancel']),
  ...rows('free', 'vector_stores.read', [
    'GET vector_stores',
    'GET vector_stores/*',
    'GET vector_stores/*/files',
    'GET vector_stores/*/files/*',
    'GET vector_stores/*/files/*/content',
    'GET vector_stores/*/file_batches/*',
    'GET vector_stores/*/file_batches/*/files',
  ]),
  ...rows('free', 'fine_tuning.read', [
    'GET fine_tuning/jobs',
    'GET fine_tuning/jobs/*',
    'GET fine_tuning/jobs/*/events',
    'GET fine_tuning/jobs/*/checkpoints',
  ]),
  // Reading one container or its files may keep it running, and its time is billed: list only.
  ...rows('free', 'containers.read', ['GET containers']),
  ...rows('free', 'conversations.read', [
    'GET conversations/*',
    'GET conversations/*/items',
    'GET conversations/*/items/*',
  ]),
  ...rows('free', 'assistants.read', [
    'GET assistants',
    'GET assistants/*',
    'GET threads/*',
    'GET threads/*/messages',
    'GET threads/*/messages/*',
    'GET threads/*/runs',
    'GET threads/*/runs/*',
    'GET threads/*/runs/*/steps',
    'GET threads/*/runs/*/steps/*',
  ]),
];

const TABLE = routeTable(RULES);

const REGIONAL_HOST = /^([a-z]{2})\.api\.openai\.com$/;

/**
 * `eu.api.openai.com` serves in the region `eu` (data residency guide of developers.openai.com).
 */
export function geoOfHostOpenAI(hostname: string): string | undefined {
  return REGIONAL_HOST.exec(hostname.toLowerCase())?.[1];
}
