/** What the drawings of the Blueprint show. */

import type { Box, Drawing } from './diagrams.ts';

const step = (id: string, y: number, ...lines: readonly string[]): Box => ({
  id,
  x: 0,
  y,
  w: 13,
  lines,
});
const no = (id: string, y: number, ...lines: readonly string[]): Box => ({
  id,
  x: 19,
  y,
  w: 13,
  lines,
  kind: 'no',
});

const PLACEMENT: Drawing = {
  name: 'placement',
  title:
    'The guard stands in the process, between the client and the network; the provider is outside.',
  boxes: [
    { id: 'process', x: 0, y: 0, w: 30, h: 13, lines: ['your process'], kind: 'frame' },
    { id: 'code', x: 1, y: 2, w: 7, lines: ['your code', 'agents, handlers'] },
    { id: 'client', x: 10, y: 2, w: 7, lines: ['SDK client', 'retries, streams'] },
    { id: 'guard', x: 19, y: 2, w: 10, lines: ['guard', 'bound · hold · settle'], kind: 'guard' },
    { id: 'ledger', x: 19, y: 8, w: 10, lines: ['ledger', 'slices, in memory'], kind: 'guard' },
    { id: 'journal', x: 5, y: 8, w: 9, lines: ['journal', 'a file on this host'], kind: 'store' },
    { id: 'provider', x: 38, y: 2, w: 9, lines: ['provider', 'bills what it bills'] },
    {
      id: 'store',
      x: 38,
      y: 8,
      w: 9,
      lines: ['store', 'SQLite, Redis, PostgreSQL'],
      kind: 'store',
    },
    { id: 'reports', x: 38, y: 14, w: 9, lines: ['reconciliation', 'books beside the bill'] },
  ],
  arrows: [
    { from: 'code', to: 'client' },
    { from: 'client', to: 'guard', label: '' },
    { from: 'guard', to: 'provider', label: 'only what is held for' },
    { from: 'guard', to: 'ledger', label: 'synchronous', isBothWays: true },
    { from: 'ledger', to: 'journal', label: 'before egress' },
    { from: 'ledger', to: 'store', label: 'a message a slice', kind: 'dashed', isBothWays: true },
    { from: 'store', to: 'reports', kind: 'dashed' },
  ],
};

const ATTEMPT: Drawing = {
  name: 'attempt',
  title:
    'The way of one attempt: four steps that can say no, then egress, then one end of the hold.',
  boxes: [
    step('bound', 0, 'bound the usage', 'the most it can use'),
    step('price', 5, 'price the bound', 'whole nano-dollars'),
    step('plan', 10, 'plan', 'scopes → accounts'),
    { ...step('reserve', 15, 'reserve', 'spent + held + bound <= cap'), kind: 'guard' },
    step('egress', 20, 'egress', 'the request leaves'),
    step('meter', 25, 'meter', 'what the answer reports'),
    { ...step('settle', 30, 'settle', 'cost replaces the hold'), kind: 'guard' },
    no('unbounded', 0, 'UNBOUNDED_REQUEST'),
    no('unpriced', 5, 'PRICE_UNKNOWN'),
    no('missing', 10, 'SCOPE_MISSING'),
    no('cap', 15, 'BUDGET_CAP', 'STORE_UNAVAILABLE'),
    { ...no('release', 20, 'release', 'proven: nothing billed'), kind: 'plain' },
    { ...no('unknown', 25, 'settle at the bound', 'nobody knows what it cost'), kind: 'guard' },
  ],
  arrows: [
    { from: 'bound', to: 'price' },
    { from: 'price', to: 'plan' },
    { from: 'plan', to: 'reserve' },
    { from: 'reserve', to: 'egress', label: 'held on every account' },
    { from: 'egress', to: 'meter' },
    { from: 'meter', to: 'settle' },
    { from: 'bound', to: 'unbounded', label: 'no rule', kind: 'no' },
    { from: 'price', to: 'unpriced', label: 'no card', kind: 'no' },
    { from: 'plan', to: 'missing', label: 'no value', kind: 'no' },
    { from: 'reserve', to: 'cap', label: 'no room', kind: 'no' },
    { from: 'egress', to: 'release', label: 'unsent, 4xx' },
    { from: 'meter', to: 'unknown', label: 'no usage' },
  ],
};

const SCOPES: Drawing = {
  name: 'scopes',
  title:
    'A call’s scopes meet the caps; each cap that applies gives one account, and all must have room.',
  boxes: [
    {
      id: 'call',
      x: 0,
      y: 5,
      w: 11,
      h: 5,
      lines: ['call', 'customer: acme', 'feature: chat', 'model: claude-opus-4-8'],
    },
    { id: 'c1', x: 17, y: 0, w: 12, lines: ['cap', 'global, day, $50'] },
    { id: 'c2', x: 17, y: 4, w: 12, lines: ['cap', 'customer, day, $2'] },
    { id: 'c3', x: 17, y: 8, w: 12, lines: ['cap', 'model claude-opus-*, 1 h, $5'] },
    { id: 'c4', x: 17, y: 12, w: 12, lines: ['cap', 'agent, hour, 200 calls'] },
    { id: 'a1', x: 34, y: 0, w: 13, lines: ['account', 'global · 2026-11-22'], kind: 'guard' },
    {
      id: 'a2',
      x: 34,
      y: 4,
      w: 13,
      lines: ['account', 'customer:acme · 2026-11-22'],
      kind: 'guard',
    },
    {
      id: 'a3',
      x: 34,
      y: 8,
      w: 13,
      lines: ['account', 'model:claude-opus-* · rolling'],
      kind: 'guard',
    },
    {
      id: 'a4',
      x: 34,
      y: 12,
      w: 13,
      lines: ['account', 'agent:unattributed · 10:00'],
      kind: 'guard',
    },
    {
      id: 'all',
      x: 52,
      y: 5,
      w: 9,
      h: 5,
      lines: ['one reservation', 'all, or none'],
      kind: 'guard',
    },
  ],
  arrows: ['1', '2', '3', '4'].flatMap((at) => [
    { from: 'call', to: `c${at}` },
    { from: `c${at}`, to: `a${at}` },
    { from: `a${at}`, to: 'all' },
  ]),
};

const REFUSAL: Drawing = {
  name: 'refusal',
  title:
    'A refusal travels as an answer that no client sends again, and ends as a typed error or a 402.',
  boxes: [
    { id: 'guard', x: 0, y: 0, w: 10, lines: ['guard', 'a value: no'], kind: 'guard' },
    {
      id: 'answer',
      x: 15,
      y: 0,
      w: 13,
      lines: ['answer to the client', '402, do not retry'],
      kind: 'no',
    },
    { id: 'sdk', x: 33, y: 0, w: 13, lines: ['SDK', 'its own error factory'] },
    {
      id: 'error',
      x: 33,
      y: 6,
      w: 13,
      lines: ['BudgetCapError', 'is an APIError, too'],
      kind: 'no',
    },
    { id: 'agent', x: 15, y: 6, w: 13, lines: ['agent framework', 'stopped, not told'] },
    { id: 'front', x: 15, y: 12, w: 13, lines: ['middleware', 'finds it in the causes'] },
    {
      id: 'caller',
      x: 33,
      y: 12,
      w: 13,
      lines: ['caller of your service', '402 with its own figures'],
    },
    { id: 'events', x: 0, y: 6, w: 10, lines: ['event refused', 'code, scope, figures'] },
  ],
  arrows: [
    { from: 'guard', to: 'answer', kind: 'no' },
    { from: 'answer', to: 'sdk', label: 'one attempt' },
    { from: 'sdk', to: 'error' },
    { from: 'error', to: 'agent' },
    { from: 'agent', to: 'front' },
    { from: 'front', to: 'caller' },
    { from: 'guard', to: 'events', kind: 'dashed' },
  ],
};

const LEASES: Drawing = {
  name: 'leases',
  title: 'Processes decide from slices; the store grants slices whose sum never exceeds the cap.',
  boxes: [
    {
      id: 'p1',
      x: 0,
      y: 0,
      w: 13,
      h: 4,
      lines: ['process 1', 'reserve and settle locally', 'ceiling = its slice'],
      kind: 'guard',
    },
    {
      id: 'p2',
      x: 0,
      y: 6,
      w: 13,
      h: 4,
      lines: ['process 2', 'reserve and settle locally', 'ceiling = its slice'],
      kind: 'guard',
    },
    {
      id: 'p3',
      x: 0,
      y: 12,
      w: 13,
      h: 4,
      lines: ['process 3, killed', 'its slice stays held'],
      kind: 'no',
    },
    {
      id: 'store',
      x: 24,
      y: 5,
      w: 14,
      h: 6,
      lines: ['store', 'spent + Σ slices <= cap', 'a grant is durable', 'before it is spent'],
      kind: 'store',
    },
    {
      id: 'journal',
      x: 24,
      y: 13,
      w: 14,
      lines: ['journal of process 3', 'read by whoever opens next'],
      kind: 'store',
    },
  ],
  arrows: [
    { from: 'p1', to: 'store', isBothWays: true },
    { from: 'p2', to: 'store', label: 'spent, want · grant', isBothWays: true },
    { from: 'p3', to: 'journal', kind: 'dashed' },
    { from: 'journal', to: 'store', label: 'what is unspent' },
  ],
};

const CELLS: Drawing = {
  name: 'cells',
  title:
    'At a million calls a second: cells with a store each, customers routed to one, shares of the global cap.',
  boxes: [
    { id: 'route', x: 0, y: 5, w: 10, h: 4, lines: ['routing', 'by hash of the customer'] },
    { id: 'cell1', x: 16, y: 0, w: 20, h: 6, lines: ['cell 1'], kind: 'frame' },
    { id: 'f1', x: 17, y: 2, w: 8, lines: ['processes', 'guard in each'], kind: 'guard' },
    { id: 's1', x: 28, y: 2, w: 7, lines: ['store 1', ''], kind: 'store' },
    { id: 'cell2', x: 16, y: 8, w: 20, h: 6, lines: ['cell n'], kind: 'frame' },
    { id: 'f2', x: 17, y: 10, w: 8, lines: ['processes', 'guard in each'], kind: 'guard' },
    { id: 's2', x: 28, y: 10, w: 7, lines: ['store n', ''], kind: 'store' },
    {
      id: 'ops',
      x: 43,
      y: 5,
      w: 12,
      h: 4,
      lines: ['shares of the global cap', 'Σ shares <= cap', 'moved by order, never by time'],
    },
  ],
  arrows: [
    { from: 'route', to: 'f1' },
    { from: 'route', to: 'f2' },
    { from: 'f1', to: 's1', isBothWays: true },
    { from: 'f2', to: 's2', isBothWays: true },
    { from: 'ops', to: 's1', kind: 'dashed' },
    { from: 'ops', to: 's2', kind: 'dashed' },
  ],
};

/** Every drawing, in the order of the page. */
export const DRAWINGS: readonly Drawing[] = [PLACEMENT, ATTEMPT, SCOPES, REFUSAL, LEASES, CELLS];
