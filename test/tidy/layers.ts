/** The layers table: the truth about which folder of `src` may import which. */

import { importsOf, finding, isTest, type Source } from './source.ts';

/**
 * The rank of every folder. A file may import its own folder and folders of a lower rank, never of a
 * higher or the same one, unless `ALSO` says so.
 */
export const RANK: Readonly<Record<string, number>> = {
  units: 0,
  errors: 1,
  kernel: 2,
  ledger: 3,
  meter: 4,
  estimate: 5,
  budget: 6,
  policy: 6,
  pricing: 6,
  providers: 6,
  journal: 6,
  guard: 7,
  stores: 7,
  open: 8,
  adapters: 9,
  middleware: 9,
  reconcile: 9,
  register: 10,
  emulator: 10,
  gateway: 11,
  cli: 12,
};

/** Folders that may import fewer than their rank allows. */
export const ONLY: Readonly<
  Record<string, { readonly may: readonly string[]; readonly why: string }>
> = {
  kernel: { may: ['units'], why: 'It stands alone as `hardcap/kernel`.' },
  emulator: { may: ['units'], why: 'A judge that shared our arithmetic could not judge it.' },
};

/** Imports between folders of one rank: from a folder, to a path. None may close a cycle. */
export const ALSO: readonly { readonly from: string; readonly to: string; readonly why: string }[] =
  [
    {
      from: 'policy',
      to: 'src/pricing/',
      why: 'The configuration may set prices, and pricing says what a price is.',
    },
    {
      from: 'guard',
      to: 'src/stores/memory/',
      why: 'A guard that was given no ledger keeps its accounts in memory.',
    },
    {
      from: 'middleware',
      to: 'src/adapters/refusal.ts',
      why: 'A handler may return the refusal of a guarded fetch, which shows the caps of everybody.',
    },
  ];

/** Files and folders that may import from Node, and what. */
export const NODE: readonly {
  readonly path: string;
  readonly modules: readonly string[] | 'any';
  readonly why: string;
}[] = [
  {
    path: 'src/guard/context.ts',
    modules: ['node:async_hooks'],
    why: 'Attribution follows the async context.',
  },
  {
    path: 'src/guard/grants/',
    modules: ['node:crypto'],
    why: 'A grant is signed, and its id and those of its orders are random.',
  },
  {
    path: 'src/adapters/agents/context.ts',
    modules: ['node:async_hooks'],
    why: 'Which agent a call is made by follows the async context.',
  },
  {
    path: 'src/middleware/request-caps.ts',
    modules: ['node:async_hooks'],
    why: 'It knows whether the running code still belongs to its request.',
  },
  {
    path: 'src/guard/config-file.ts',
    modules: ['node:fs'],
    why: 'It reads `budget-guard.config.json`.',
  },
  {
    path: 'src/stores/journal-chain.ts',
    modules: ['node:crypto'],
    why: 'The journal of a store is chained by hashes.',
  },
  {
    path: 'src/stores/sqlite/',
    modules: ['node:fs', 'node:module', 'node:path', 'node:worker_threads'],
    why: 'It opens a file, and loads the driver that is installed.',
  },
  {
    path: 'src/journal/',
    modules: ['node:fs', 'node:os', 'node:path', 'node:zlib'],
    why: 'It keeps files, and knows which process on which boot of which host wrote them.',
  },
  {
    path: 'src/open/',
    modules: ['node:path'],
    why: 'Other processes must find a journal from the place that the store names.',
  },
  {
    path: 'src/register/',
    modules: 'any',
    why: 'It stands under every client of a process: fetch, http, undici, sockets, threads.',
  },
  { path: 'src/emulator/', modules: 'any', why: 'It is an HTTP server.' },
  { path: 'src/gateway/', modules: 'any', why: 'It is an HTTP server.' },
  { path: 'src/cli/', modules: 'any', why: 'It is a program.' },
];

/** Folders whose sub-folders are alternatives: they share what lies above them and nothing else. */
export const ALTERNATIVES = ['src/providers/', 'src/stores/'];

/** Imports that the table forbids, and folders that it does not know. */
export function layerFindings(sources: readonly Source[]): string[] {
  return library(sources).flatMap((source) =>
    importsOf(source).flatMap(({ from, node }) => {
      const fault = importFault(source.path, from);
      return fault === undefined ? [] : [finding(source, node, fault)];
    }),
  );
}

/** Folders that import each other, directly or through others: `a -> b -> a`. */
export function folderCycles(sources: readonly Source[]): string[] {
  const edges = new Map<string, Set<string>>();
  for (const source of library(sources)) {
    const from = folderOf(source.path);
    for (const imported of importsOf(source)) {
      const to = folderOf(resolve(source.path, imported.from) ?? '');
      if (from === undefined || to === undefined || from === to) continue;
      edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
  }
  return [...edges.keys()].flatMap((start) => cycleFrom(start, edges) ?? []);
}

function importFault(path: string, from: string): string | undefined {
  if (from.startsWith('node:')) return nodeFault(path, from);
  const target = resolve(path, from);
  if (target === undefined) return `imports the package ${from}; library code has no dependency`;
  if (target === 'src/index.ts') return 'imports src/index.ts, which is for users';
  if (!target.startsWith('src/')) return `imports ${target}, which lies outside src`;
  if (path === 'src/index.ts') return undefined;
  return rankFault(path, target) ?? alternativeFault(path, target);
}

function rankFault(path: string, target: string): string | undefined {
  const [from, to] = [folderOf(path), folderOf(target)];
  if (from === undefined || to === undefined)
    return `${from === undefined ? path : target} lies in no folder`;
  if (from === to) return undefined;
  const [rank, rankOfTarget] = [RANK[from], RANK[to]];
  if (rank === undefined || rankOfTarget === undefined) {
    return `the layers table has no folder ${rank === undefined ? from : to}`;
  }
  const only = ONLY[from];
  if (only !== undefined && !only.may.includes(to)) {
    return `${from} imports ${to}; it may import only ${only.may.join(', ')}: ${only.why}`;
  }
  const isListed = ALSO.some((edge) => edge.from === from && target.startsWith(edge.to));
  if (rankOfTarget < rank || isListed) return undefined;
  return `${from} imports ${to}, which is not below it`;
}

function alternativeFault(path: string, target: string): string | undefined {
  for (const parent of ALTERNATIVES) {
    const [from, to] = [childOf(parent, path), childOf(parent, target)];
    if (from !== undefined && to !== undefined && from !== to) {
      return `${parent}${from} imports its alternative ${to}`;
    }
  }
  return undefined;
}

function nodeFault(path: string, module: string): string | undefined {
  const row = NODE.find((entry) => path === entry.path || isUnder(entry.path, path));
  if (row !== undefined && (row.modules === 'any' || row.modules.includes(module)))
    return undefined;
  return `imports ${module}, which the table does not list for it`;
}

function library(sources: readonly Source[]): Source[] {
  return sources.filter(({ path }) => path.startsWith('src/') && !isTest(path));
}

function resolve(path: string, from: string): string | undefined {
  if (!from.startsWith('.')) return undefined;
  return new URL(from, `file:///${path}`).pathname.slice(1);
}

function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

function childOf(parent: string, path: string): string | undefined {
  const [child, rest] = path.startsWith(parent) ? path.slice(parent.length).split('/') : [];
  return rest === undefined ? undefined : child;
}

function isUnder(folder: string, path: string): boolean {
  return folder.endsWith('/') && path.startsWith(folder);
}

function cycleFrom(
  start: string,
  edges: ReadonlyMap<string, ReadonlySet<string>>,
): string[] | undefined {
  const waiting = [[start]];
  const seen = new Set<string>();
  for (let trail = waiting.pop(); trail !== undefined; trail = waiting.pop()) {
    for (const next of edges.get(trail.at(-1) ?? '') ?? []) {
      if (next === start) return [[...trail, start].join(' -> ')];
      if (seen.has(next)) continue;
      seen.add(next);
      waiting.push([...trail, next]);
    }
  }
  return undefined;
}
