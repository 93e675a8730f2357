/** What sends billed requests, and what puts a guard around it: names of packages and classes. */

/** Classes of one package whose instances send requests that are billed. */
export interface ClientPackage {
  readonly package: string;
  readonly classes: readonly string[];
  /** What to write instead, with `$` for the class; `undefined`: hardcap has no guard for it. */
  readonly instead: string | undefined;
  /** Attempts after the first that its instances make by themselves unless told otherwise. */
  readonly retries: number;
  /** The output ceiling is an option of the class: what it may be called there. */
  readonly ceilings?: readonly string[];
}

const LANGCHAIN_CEILINGS = ['maxTokens', 'maxCompletionTokens', 'maxOutputTokens'];

/**
 * What `new` makes a client of. Retries by default: 2 in the SDKs of OpenAI and Anthropic
 * (`maxRetries` of their `ClientOptions`), 6 in LangChain (`maxRetries` of `AsyncCallerParams`).
 */
export const CLIENT_PACKAGES: readonly ClientPackage[] = [
  {
    package: '@anthropic-ai/sdk',
    classes: ['Anthropic', 'BaseAnthropic'],
    instead: 'wrapAnthropic(new $(...), guard)',
    retries: 2,
  },
  {
    package: 'openai',
    classes: ['OpenAI', 'AzureOpenAI'],
    instead: 'wrapOpenAI(new $(...), guard)',
    retries: 2,
  },
  {
    package: '@langchain/openai',
    classes: ['AzureChatOpenAI', 'AzureOpenAI', 'ChatOpenAI', 'OpenAI'],
    instead: 'new $({ configuration: { fetch: guardedFetch(guard) } })',
    retries: 6,
    ceilings: LANGCHAIN_CEILINGS,
  },
  {
    package: '@langchain/openai',
    classes: ['AzureOpenAIEmbeddings', 'OpenAIEmbeddings'],
    instead: 'new $({ configuration: { fetch: guardedFetch(guard) } })',
    retries: 6,
  },
  {
    package: '@langchain/anthropic',
    classes: ['ChatAnthropic', 'ChatAnthropicMessages'],
    instead: 'new $({ clientOptions: { fetch: guardedFetch(guard) } })',
    retries: 6,
    ceilings: LANGCHAIN_CEILINGS,
  },
  noGuard('@anthropic-ai/bedrock-sdk', ['AnthropicBedrock']),
  noGuard('@anthropic-ai/vertex-sdk', ['AnthropicVertex']),
  noGuard('@google/genai', ['GoogleGenAI']),
  noGuard('@google/generative-ai', ['GoogleGenerativeAI']),
  noGuard('@aws-sdk/client-bedrock-runtime', ['BedrockRuntime', 'BedrockRuntimeClient']),
  noGuard('@mistralai/mistralai', ['Mistral']),
  noGuard('cohere-ai', ['CohereClient', 'CohereClientV2']),
  noGuard('groq-sdk', ['Groq']),
];

/** Providers of the AI SDK: the function that makes one, and the one that comes ready-made. */
export const AI_SDK_PACKAGES: readonly {
  readonly package: string;
  readonly make: string;
  readonly readyMade: string;
  /** Whether `fetch` of its options can be a guarded one that knows what it costs. */
  readonly isMetered: boolean;
}[] = [
  {
    package: '@ai-sdk/anthropic',
    make: 'createAnthropic',
    readyMade: 'anthropic',
    isMetered: true,
  },
  { package: '@ai-sdk/openai', make: 'createOpenAI', readyMade: 'openai', isMetered: true },
  {
    package: '@ai-sdk/google',
    make: 'createGoogleGenerativeAI',
    readyMade: 'google',
    isMetered: false,
  },
];

/** Functions of the AI SDK that send, those with an output ceiling first. */
export const AI_SDK_CALLS = {
  bounded: ['generateText', 'streamText', 'generateObject', 'streamObject'],
  other: ['embed', 'embedMany'],
} as const;

/** Packages that send from inside, where no client can be seen or wrapped. */
export const HIDDEN_SENDERS: Readonly<Record<string, string>> = {
  '@anthropic-ai/claude-agent-sdk': 'starts another process that sends by itself',
  '@openai/agents': 'makes its own client unless `setDefaultOpenAIClient` gives it one',
  '@openai/codex-sdk': 'starts another process that sends by itself',
};

/** Functions of hardcap that put a guard around what they are given, or make a guarded `fetch`. */
export const GUARDING: ReadonlySet<string> = new Set([
  'guardedFetch',
  'setDefaultOpenAIClient',
  'wrapAnthropic',
  'wrapOpenAI',
]);

/** Hosts of providers that hardcap meters. */
const METERED = /^(?:api\.anthropic\.com|(?:[a-z]{2}\.)?api\.openai\.com)$/;

/** Hosts of providers, and of gateways run by others, that it does not. */
const UNMETERED = [
  /^generativelanguage\.googleapis\.com$/,
  /^(?:[a-z0-9-]+-)?aiplatform\.googleapis\.com$/,
  /^bedrock-runtime\.[a-z0-9-]+\.amazonaws\.com$/,
  /^[a-z0-9-]+\.openai\.azure\.com$/,
  /^(?:openrouter\.ai|ai-gateway\.vercel\.sh|gateway\.ai\.cloudflare\.com|api\.portkey\.ai)$/,
  /^api\.(?:mistral\.ai|cohere\.com|groq\.com|x\.ai|deepseek\.com|together\.xyz)$/,
];

/** A provider's host in an address: `api.openai.com` of `https://api.openai.com/v1`. */
export function providerHost(
  address: string,
): { readonly host: string; readonly isMetered: boolean } | undefined {
  const host = hostOf(address);
  if (METERED.test(host)) return { host, isMetered: true };
  return UNMETERED.some((one) => one.test(host)) ? { host, isMetered: false } : undefined;
}

/** The host that an address names, without its port. */
export function hostOf(address: string): string {
  const [, host = ''] = /^(?:(?:https?|wss?):)?(?:\/\/)?([^/?#:\s]+)/i.exec(address) ?? [];
  return host.toLowerCase().replace(/\.$/, '');
}

function noGuard(name: string, classes: readonly string[]): ClientPackage {
  return { package: name, classes, instead: undefined, retries: 2 };
}
