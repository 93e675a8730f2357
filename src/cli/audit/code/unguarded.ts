import type { CodeFile } from '../read/code-file.ts';
import { bindingOf } from '../read/names.ts';
import type { Call, Import, Span } from '../read/source.ts';
import { spoken } from '../read/token.ts';
import { propertyOf, valueOf } from '../read/value.ts';
import { AI_SDK_PACKAGES, HIDDEN_SENDERS, hostOf, providerHost } from './clients.ts';
import { comesToGuard, hasGuardedFetch } from './guarding.ts';
import { clientOf, spendingCalls } from './spending.ts';

/** A way out past every guard. */
export interface Escape {
  readonly at: number;
  readonly what: string;
  readonly instead: string;
  /** Whether hardcap knows what it costs, so that a guard below it could hold it too. */
  readonly isMetered: boolean;
  /** The lint rule does not know this way out: it is reported beside what the rule reports. */
  readonly isBeyondLint?: true;
  /** The address that a client was given, where it was given one that is no provider's. */
  readonly address?: Address | undefined;
}

/** Where a client sends to: a literal, or a name in the environment. */
export type Address =
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'unknown' };

/** Modules whose functions send a request to the address that they are given. */
const SENDING_MODULES =
  /^(axios|cross-fetch|got|ky|node-fetch|undici|superagent|(node:)?https?|(node:)?http2)$/;

const NO_GUARD =
  'call a provider that hardcap meters, send it through its gateway, or say here what ' +
  'holds the spend';

/** Every client and request of a file that no guard holds, as far as the file shows. */
export function escapesIn(file: CodeFile): readonly Escape[] {
  return file.calls
    .flatMap((call) => client(file, call) ?? provider(file, call) ?? request(file, call) ?? [])
    .concat(hidden(file), gatewayModels(file));
}

function client(file: CodeFile, call: Call): Escape | undefined {
  const known = clientOf(file, call);
  if (known === undefined || hasGuardedFetch(file, call)) return undefined;
  if (known.instead !== undefined && comesToGuard(file, call)) return undefined;
  const name = call.path;
  const instead = known.instead?.replaceAll('$', name);
  return {
    at: call.from,
    what:
      instead === undefined
        ? `hardcap has no guard for ${name} of ${known.package}`
        : `no guard wraps this ${name} client`,
    instead: instead === undefined ? NO_GUARD : `write \`${instead}\``,
    isMetered: instead !== undefined,
    address: addressOf(file, call),
  };
}

/** `createAnthropic()` without a guarded `fetch`; `openai('gpt-4o')` as it comes. */
function provider(file: CodeFile, call: Call): Escape | undefined {
  if (call.isNew) return undefined;
  const imported = file.importOf(call);
  const known = AI_SDK_PACKAGES.find((one) => one.package === imported?.module);
  if (imported === undefined) return undefined;
  if (known === undefined) return otherProvider(imported, call);
  const { isMetered } = known;
  const instead = isMetered
    ? `write \`${known.make}({ fetch: guardedFetch(guard) })\` and take the model from that`
    : NO_GUARD;
  if (imported.name === known.make) {
    if (isMetered && hasGuardedFetch(file, call)) return undefined;
    const address = addressOf(file, call);
    return {
      at: call.from,
      what: `no guard is in this ${known.make}`,
      instead,
      isMetered,
      address,
    };
  }
  if (imported.name !== known.readyMade) return undefined;
  return {
    at: call.from,
    what: `\`${imported.local}\` of ${known.package} sends by itself`,
    instead,
    isMetered,
  };
}

/** Packages of the AI SDK that ask no model: interfaces, and what a page shows. */
const ASKS_NOBODY =
  /^@ai-sdk\/(provider|provider-utils|react|vue|svelte|solid|angular|rsc|ui-utils|mcp|devtools)$/;

/** A provider of the AI SDK that hardcap does not meter, and the gateway of Vercel. */
function otherProvider({ module, name }: Import, call: Call): Escape | undefined {
  const isProvider = module.startsWith('@ai-sdk/') && !ASKS_NOBODY.test(module);
  const isGateway = module === 'ai' && /^(createGateway|gateway)$/.test(name);
  if (!isProvider && !isGateway) return undefined;
  const what = `hardcap has no guard for \`${call.path}\` of ${module}`;
  return { at: call.from, what, instead: NO_GUARD, isMetered: false, isBeyondLint: true };
}

/** A request that names a provider's host. */
function request(file: CodeFile, call: Call): Escape | undefined {
  const isSocket = call.isNew && call.path === 'WebSocket';
  if (!isSocket && !sends(file, call)) return undefined;
  for (const arg of call.args) {
    const address = textOf(file, arg);
    const found = address === undefined ? undefined : providerHost(address);
    if (found === undefined) continue;
    const canGuard = found.isMetered && !isSocket;
    return {
      at: call.from,
      what: `this request goes to ${found.host} past every guard`,
      instead: canGuard ? 'send it through `guardedFetch(guard)`' : NO_GUARD,
      isMetered: canGuard,
    };
  }
  return undefined;
}

/** Whether a call sends a request by itself: the runtime's `fetch`, Node's or a library's own. */
function sends(file: CodeFile, call: Call): boolean {
  if (call.isNew) return false;
  const [head = ''] = call.path.replace(/^(globalThis|window|self)\./, '').split('.');
  const imported = file.importOf(call);
  if (imported !== undefined) return SENDING_MODULES.test(imported.module);
  const binding = bindingOf(file.names, file.source, { name: head, at: call.from });
  if (binding === undefined) return head === 'fetch';
  const value = file.source.tokens.slice(binding.value.from, binding.value.to);
  return /^(globalThis\.)?fetch(\.bind\(globalThis\))?$/.test(
    value.map(({ text }) => text).join(''),
  );
}

/** How an address begins: a literal, a constant, a template, the `url` or `hostname` of options. */
function textOf(file: CodeFile, span: Span, step = 0): string | undefined {
  const { source, names } = file;
  const { from } = span;
  const token = source.tokens[from];
  if (token === undefined || step > STEPS_MAX) return undefined;
  if (token.kind === 'text' || token.kind === 'template') {
    const start = spoken(token) ?? '';
    const isInset = start === '' && token.text.endsWith('${');
    return isInset ? textOf(file, { from: from + 1, to: span.to }, step + 1) : start;
  }
  if (token.text === '{') {
    for (const name of ['url', 'hostname', 'host', 'origin', 'baseURL', 'prefixUrl', 'uri']) {
      const value = propertyOf(source, span, name);
      if (value !== undefined && value !== 'spread') return textOf(file, value, step + 1);
    }
    return undefined;
  }
  if (token.text === 'new') {
    const made = file.calls.find((call) => call.from === from);
    if (made === undefined || !/^(URL|Request)$/.test(made.path)) return undefined;
    const arg = made.path === 'URL' ? made.args.at(-1) : made.args[0];
    return arg === undefined ? undefined : textOf(file, arg, step + 1);
  }
  if (token.text === 'String' && source.at(from + 1) === '(') {
    return textOf(file, { from: from + 2, to: span.to }, step + 1);
  }
  if (token.kind !== 'name') return undefined;
  const binding = bindingOf(names, source, { name: token.text, at: from });
  if (binding === undefined) return environmentDefault(file, span);
  if (source.at(from + 1) !== '.') return textOf(file, binding.value, step + 1);
  const member = propertyOf(source, binding.value, source.at(from + 2));
  if (member !== undefined && member !== 'spread') return textOf(file, member, step + 1);
  return textOf(file, binding.value, step + 1);
}

const STEPS_MAX = 6;

/** `process.env.URL ?? 'https://api.openai.com'`. */
function environmentDefault(file: CodeFile, span: Span): string | undefined {
  const value = valueOf(file, span);
  return typeof value === 'string' ? value : undefined;
}

/** The base address that a client was given. */
function addressOf(file: CodeFile, { open, to }: Call): Address | undefined {
  const { source } = file;
  if (open < 0) return undefined;
  for (let at = open + 1; at < to; at += 1) {
    if (!/^(baseURL|basePath|baseUrl)$/.test(source.at(at))) continue;
    const isShort = source.at(at + 1) !== ':';
    const span = isShort ? { from: at, to: at + 1 } : { from: at + 2, to: at + 3 };
    const name = environmentName(file, span.from);
    if (name !== undefined) return { kind: 'environment', name };
    const text = textOf(file, span);
    return text === undefined ? { kind: 'unknown' } : { kind: 'host', host: hostOf(text) };
  }
  return undefined;
}

/** `X` of `process.env.X` and `process.env['X']`, also behind a constant. */
function environmentName(file: CodeFile, from: number): string | undefined {
  const { source, names } = file;
  const binding = bindingOf(names, source, { name: source.at(from), at: from });
  const at = binding?.value.from ?? from;
  if (source.at(at) !== 'process' || source.at(at + 2) !== 'env') return undefined;
  if (source.at(at + 3) === '[') return source.said({ from: at + 4, to: at + 5 });
  return source.at(at + 4);
}

/** Packages that send from inside, where nothing can be wrapped. */
function hidden(file: CodeFile): Escape[] {
  return file.names.imports.flatMap(({ module, at }) => {
    const why = Object.hasOwn(HIDDEN_SENDERS, module) ? HIDDEN_SENDERS[module] : undefined;
    const isTold = file.calls.some(({ path }) => path.endsWith('setDefaultOpenAIClient'));
    if (why === undefined || isTold) return [];
    const instead = 'send it through the gateway of hardcap';
    return [{ at, what: `${module} ${why}`, instead, isMetered: false, isBeyondLint: true }];
  });
}

/** A model as a text (`'anthropic/claude-...'`): the AI SDK sends it to the gateway of Vercel. */
function gatewayModels(file: CodeFile): Escape[] {
  return spendingCalls(file).flatMap((spending) => {
    if (spending.provider !== undefined || spending.body === undefined) return [];
    const span = propertyOf(file.source, spending.body, 'model');
    const value = span === undefined || span === 'spread' ? undefined : valueOf(file, span);
    if (typeof value !== 'string' || span === undefined || span === 'spread') return [];
    return [
      {
        at: span.from,
        what: `a model that is a text (${value}) is asked at ai-gateway.vercel.sh past every guard`,
        instead: 'take the model from a provider that was made with `fetch: guardedFetch(guard)`',
        isMetered: false,
        isBeyondLint: true,
      },
    ];
  });
}
