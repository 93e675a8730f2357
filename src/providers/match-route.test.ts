import { describe, expect, it } from 'vitest';
import { routeAnthropic } from './anthropic/routes.ts';
import { routeOpenAI } from './openai/routes.ts';
import type { Route } from './provider.ts';

type Line = readonly [method: string, path: string, kind: Route['kind'], name: string | undefined];

const ANTHROPIC: readonly Line[] = [
  ['POST', '/v1/messages', 'metered', 'messages'],
  ['POST', '/v1/messages?beta=true', 'metered', 'messages'],
  ['post', '/v1/messages', 'metered', 'messages'],
  ['POST', '/messages', 'metered', 'messages'],
  ['POST', '/some/proxy/v1/messages', 'metered', 'messages'],
  ['POST', '/v1/messages/count_tokens', 'free', 'messages.count_tokens'],
  ['POST', '/v1/messages/batches', 'unmetered', 'messages.batches'],
  ['GET', '/v1/messages/batches/b_1/results', 'free', undefined],
  ['GET', '/v1/models', 'free', undefined],
  ['GET', '/v1/models/claude-sonnet-4-5', 'free', undefined],
  ['POST', '/proxy/v1/messages/count_tokens', 'free', 'messages.count_tokens'],
  ['GET', '/v1/messages/batches', 'free', undefined],
  ['GET', '/v1/files', 'free', undefined],
  ['GET', '/v1/skills', 'free', 'skills'],
  ['GET', '/v1/skills/s_1', 'free', 'skills'],
  ['GET', '/v1/skills/s_1/versions', 'free', 'skills'],
  ['GET', '/v1/skills/s_1/versions/1759178010641129', 'free', 'skills'],
  ['POST', '/v1/skills', 'unmetered', undefined],
  ['POST', '/v1/sessions/s_1/files', 'unmetered', undefined],
  ['GET', '/v1/environments/e_1/files', 'unmetered', undefined],
  ['POST', '/v1/dreams/messages/count_tokens', 'unmetered', undefined],
  ['HEAD', '/', 'free', undefined],
  ['OPTIONS', '/v1/messages', 'free', undefined],
  ['GET', '/v1/messages', 'unmetered', undefined],
  ['POST', '/v1/complete', 'unmetered', undefined],
  ['POST', '/v1/sessions/s/events', 'unmetered', undefined],
  ['POST', '/v1/dreams', 'unmetered', undefined],
  ['POST', '/', 'unmetered', undefined],
  ['POST', '', 'unmetered', undefined],
];

const OPENAI: readonly Line[] = [
  ['POST', '/v1/chat/completions', 'metered', 'chat.completions'],
  ['POST', '/chat/completions', 'metered', 'chat.completions'],
  ['POST', '/openai/deployments/d/chat/completions?api-version=1', 'metered', 'chat.completions'],
  ['POST', '/v1/completions', 'metered', 'completions'],
  ['POST', '/v1/responses', 'metered', 'responses'],
  ['POST', '/v1/embeddings', 'metered', 'embeddings'],
  ['POST', '/v1/images/generations', 'metered', 'images.generations'],
  ['POST', '/v1/images/edits', 'unmetered', undefined],
  ['POST', '/v1/images/variations', 'unmetered', undefined],
  ['POST', '/v1/responses/compact', 'unmetered', 'responses.compact'],
  ['POST', '/v1/responses/input_tokens', 'free', undefined],
  ['GET', '/v1/responses/r_1', 'free', undefined],
  ['POST', '/v1/responses/r_1/cancel', 'free', undefined],
  ['POST', '/v1/moderations', 'free', undefined],
  ['GET', '/v1/models/ft:gpt-4o:org::id', 'free', undefined],
  ['POST', '/v1/audio/speech', 'unmetered', undefined],
  ['POST', '/v1/batches', 'unmetered', undefined],
  ['POST', '/v1/fine_tuning/jobs', 'unmetered', undefined],
  ['POST', '/v1/threads/t/runs', 'unmetered', undefined],
  ['POST', '/v1/threads/t/messages', 'unmetered', undefined],
  ['POST', '/v1/realtime/client_secrets', 'unmetered', undefined],
  ['POST', '/v1/videos', 'unmetered', undefined],
  ['POST', '/v1/decisions', 'unmetered', undefined],
  ['POST', '/v1/evals/e/runs', 'unmetered', undefined],
  ['POST', '/v1/vector_stores', 'unmetered', undefined],
  ['GET', '/v1/realtime', 'unmetered', undefined],
  ['GET', '/v1/vector_stores', 'free', 'vector_stores.read'],
  ['GET', '/v1/vector_stores/vs_1', 'free', 'vector_stores.read'],
  ['GET', '/v1/vector_stores/vs_1/files', 'free', 'vector_stores.read'],
  ['GET', '/v1/vector_stores/vs_1/files/f_1/content', 'free', 'vector_stores.read'],
  ['POST', '/v1/vector_stores/vs_1', 'unmetered', undefined],
  ['POST', '/v1/vector_stores/vs_1/files', 'unmetered', undefined],
  ['POST', '/v1/vector_stores/v1/files', 'unmetered', undefined],
  ['POST', '/v1/vector_stores/openai/files', 'unmetered', undefined],
  ['POST', '/v1/vector_stores/vs_1/search', 'unmetered', undefined],
  ['GET', '/v1/fine_tuning/jobs', 'free', 'fine_tuning.read'],
  ['GET', '/v1/fine_tuning/jobs/ft_1/events', 'free', 'fine_tuning.read'],
  ['POST', '/v1/fine_tuning/jobs/ft_1/resume', 'unmetered', undefined],
  ['GET', '/v1/containers', 'free', 'containers.read'],
  ['GET', '/v1/containers/c_1', 'unmetered', undefined],
  ['GET', '/v1/containers/c_1/files', 'unmetered', undefined],
  ['POST', '/v1/containers', 'unmetered', undefined],
  ['POST', '/v1/containers/c_1/files', 'unmetered', undefined],
  ['POST', '/v1/agents/environments/e_1/files', 'unmetered', undefined],
  ['GET', '/v1/assistants', 'free', 'assistants.read'],
  ['GET', '/v1/threads/t_1/runs/r_1', 'free', 'assistants.read'],
  ['GET', '/v1/conversations/c_1/items', 'free', 'conversations.read'],
  ['POST', '/v1/conversations', 'unmetered', undefined],
  ['GET', '/v1/chat/completions/c_1', 'free', 'chat.completions.stored'],
  ['POST', '/v1/chat/completions/c_1', 'free', 'chat.completions.stored'],
  ['POST', '/v1/chat/completions/c_1/x', 'unmetered', undefined],
  ['GET', '/v1/batches', 'free', undefined],
  ['GET', '/v1/files', 'free', undefined],
  ['GET', '/openai/files', 'free', undefined],
  ['GET', '/files', 'free', undefined],
  ['GET', '/proxy/v2beta1/files', 'free', undefined],
  ['GET', '/evals/e_1/files', 'unmetered', undefined],
];

/** Ways to write a path that costs money so that a careless reader takes it for another one. */
const DISGUISES = (path: string): readonly string[] => [
  path.toUpperCase(),
  `/${path}`,
  path.replace(/\//g, '//'),
  `${path}/`,
  `${path}/.`,
  `/x/..${path}`,
  `/v1/models/..${path.slice(3)}`,
  path.replace(/e/, '%65'),
  path.replace(/\/([^/]*)$/, '/%2e/$1'),
  path.replace(/\/([^/]*)$/, '%2f$1'),
  path.replace(/\/([^/]*)$/, '\\$1'),
  `${path};free=1`,
  `${path}\u0000`,
  `${path} `,
  `${path}\n`,
  `${path}%00`,
  `${path}?x=/v1/models`,
  `${path}#/v1/messages/count_tokens`,
];

describe('routes', () => {
  it.each<Line>([...ANTHROPIC])('anthropic: %s %s is %s', (method, path, kind, name) => {
    const route = routeAnthropic({ method, path });
    expect(route.kind).toBe(kind);
    if (name !== undefined) expect(route.name).toBe(name);
  });

  it.each<Line>([...OPENAI])('openai: %s %s is %s', (method, path, kind, name) => {
    const route = routeOpenAI({ method, path });
    expect(route.kind).toBe(kind);
    if (name !== undefined) expect(route.name).toBe(name);
  });

  it('no way of writing a path that costs money makes it free', () => {
    const costly = [...ANTHROPIC, ...OPENAI].filter(([, , kind]) => kind !== 'free');
    for (const [method, path] of costly) {
      for (const disguise of DISGUISES(path)) {
        for (const route of [routeAnthropic, routeOpenAI]) {
          const own = route === routeAnthropic ? ANTHROPIC : OPENAI;
          if (!own.some((line) => line[1] === path)) continue;
          const read = route({ method, path: disguise });
          expect(`${disguise} ${read.kind}`).not.toBe(`${disguise} free`);
        }
      }
    }
  });

  it.each([
    ['POST', '/v1/responses/../cancel'],
    ['POST', '/v1/responses/./cancel'],
    ['POST', '/v1/responses/%2e%2e/cancel'],
    ['POST', '/v1/responses/r%2fx/cancel'],
    ['POST', '/v1/responses//cancel'],
    ['POST', '/v1/responses/;x/cancel'],
    ['POST', '/v1/chat/completions/;x'],
    ['POST', '/v1/chat/completions/...'],
    ['POST', '/v1/chat/completions/c;x'],
    ['POST', '//v1/chat/completions'],
    ['GET', '/v1/models/..'],
    ['GET', '/v1/models/%2e%2e'],
    ['GET', '/v1/models/a\\b'],
    ['GET', '/v1/models/a b'],
    ['GET', '/v1/models/'],
    ['POST', 'v1/chat/completions'],
  ])('%s %s is refused, since a server may read it differently', (method, path) => {
    expect(routeOpenAI({ method, path }).kind).toBe('unmetered');
  });

  it('says why it refuses, in a name of bounded length', () => {
    const read = routeOpenAI({ method: 'POST', path: `/${'x'.repeat(5000)}` });
    expect(read).toMatchObject({ kind: 'unmetered', reason: expect.any(String) as string });
    expect(read.name.length).toBeLessThan(200);
  });
});
