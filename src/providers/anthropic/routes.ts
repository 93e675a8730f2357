import { matchRoute, routeTable, type RouteRule } from '../match-route.ts';
import type { Route } from '../provider.ts';

/** What each path of the Anthropic API costs. Whatever is not listed is unmetered, so refused. */
export function routeAnthropic(request: { readonly method: string; readonly path: string }): Route {
  return matchRoute(TABLE, request);
}

const RULES: readonly RouteRule[] = [
  { method: 'POST', path: 'messages', kind: 'metered', name: 'messages' },
  { method: 'POST', path: 'messages/count_tokens', kind: 'free', name: 'messages.count_tokens' },
  { method: 'POST', path: 'messages/batches', kind: 'unmetered', name: 'messages.batches' },
  { method: 'GET', path: 'messages/batches', kind: 'free', name: 'messages.batches' },
  { method: 'GET', path: 'messages/batches/*', kind: 'free', name: 'messages.batches' },
  { method: 'GET', path: 'messages/batches/*/results', kind: 'free', name: 'messages.batches' },
  { method: 'POST', path: 'messages/batches/*/cancel', kind: 'free', name: 'messages.batches' },
  { method: 'DELETE', path: 'messages/batches/*', kind: 'free', name: 'messages.batches' },
  { method: 'GET', path: 'models', kind: 'free', name: 'models' },
  { method: 'GET', path: 'models/*', kind: 'free', name: 'models' },
  { method: 'GET', path: 'files', kind: 'free', name: 'files' },
  { method: 'GET', path: 'files/*', kind: 'free', name: 'files' },
  { method: 'GET', path: 'files/*/content', kind: 'free', name: 'files' },
  { method: 'POST', path: 'files', kind: 'free', name: 'files' },
  { method: 'DELETE', path: 'files/*', kind: 'free', name: 'files' },
  { method: 'GET', path: 'skills', kind: 'free', name: 'skills' },
  { method: 'GET', path: 'skills/*', kind: 'free', name: 'skills' },
  { method: 'GET', path: 'skills/*/versions', kind: 'free', name: 'skills' },
  { method: 'GET', path: 'skills/*/versions/*', kind: 'free', name: 'skills' },
  { method: 'GET', path: 'skills/*/versions/*/content', kind: 'free', name: 'skills' },
];

const TABLE = routeTable(RULES);
