/** The providers as the rules know them: where they answer, and what makes a client of them. */

/** Hosts that a guard meters: the `hosts` of the providers in hardcap itself. */
export const METERED_HOSTS: readonly string[] = ['api.anthropic.com', 'api.openai.com'];

/** The same provider in a region: `eu.api.openai.com`. */
export const REGIONAL_HOST = /^[a-z]{2}\.api\.openai\.com$/;

/** Hosts of providers that no guard of hardcap meters. */
export const UNMETERED_HOSTS: readonly RegExp[] = [
  /^generativelanguage\.googleapis\.com$/,
  /^bedrock-runtime\.[a-z0-9-]+\.amazonaws\.com$/,
];

/** Classes of one package whose instances send requests that are billed. */
export interface ClientPackage {
  readonly package: string;
  readonly classes: readonly string[];
  /** What to write instead, with `$` for the class; `undefined`: there is no guard for it. */
  readonly instead: string | undefined;
}

/** What `new` makes a client of. A subclass of one of them is one too. */
export const CLIENT_PACKAGES: readonly ClientPackage[] = [
  {
    package: '@anthropic-ai/sdk',
    classes: ['Anthropic', 'BaseAnthropic'],
    instead: 'wrapAnthropic(new $(...), guard)',
  },
  {
    package: 'openai',
    classes: ['OpenAI', 'AzureOpenAI'],
    instead: 'wrapOpenAI(new $(...), guard)',
  },
  {
    package: '@langchain/openai',
    classes: [
      'AzureChatOpenAI',
      'AzureOpenAI',
      'AzureOpenAIEmbeddings',
      'ChatOpenAI',
      'OpenAI',
      'OpenAIEmbeddings',
    ],
    instead: 'new $({ configuration: { fetch: guardedFetch(guard) } })',
  },
  {
    package: '@langchain/anthropic',
    classes: ['ChatAnthropic', 'ChatAnthropicMessages'],
    instead: 'new $({ clientOptions: { fetch: guardedFetch(guard) } })',
  },
  { package: '@anthropic-ai/bedrock-sdk', classes: ['AnthropicBedrock'], instead: undefined },
  { package: '@anthropic-ai/vertex-sdk', classes: ['AnthropicVertex'], instead: undefined },
  { package: '@google/genai', classes: ['GoogleGenAI'], instead: undefined },
  { package: '@google/generative-ai', classes: ['GoogleGenerativeAI'], instead: undefined },
  {
    package: '@aws-sdk/client-bedrock-runtime',
    classes: ['BedrockRuntime', 'BedrockRuntimeClient'],
    instead: undefined,
  },
];

/** Providers of the AI SDK: the function that makes one, and the one that comes ready-made. */
export const AI_SDK_PACKAGES: readonly {
  readonly package: string;
  readonly make: string;
  readonly readyMade: string;
}[] = [
  { package: '@ai-sdk/anthropic', make: 'createAnthropic', readyMade: 'anthropic' },
  { package: '@ai-sdk/openai', make: 'createOpenAI', readyMade: 'openai' },
];

/** Modules whose functions send a request to the address that they are given. */
export const SENDING_MODULES: ReadonlySet<string> = new Set([
  'axios',
  'cross-fetch',
  'got',
  'http',
  'https',
  'ky',
  'node-fetch',
  'node:http',
  'node:https',
  'undici',
]);

/** Functions of hardcap that put a guard around what they are given, or make a guarded `fetch`. */
export const GUARDING: ReadonlySet<string> = new Set([
  'guardedFetch',
  'wrapAnthropic',
  'wrapOpenAI',
]);

/** Classes of the SDKs' resources whose calls are billed, so that a cap may refuse them. */
export const METERED_RESOURCES: Readonly<Record<string, RegExp>> = {
  '@anthropic-ai/sdk': /^Messages$/,
  openai: /^(Completions|Responses|Embeddings|Images)$/,
};

/** Their methods that send a billed request. */
export const METERED_METHODS: ReadonlySet<string> = new Set([
  'create',
  'generate',
  'parse',
  'runTools',
  'stream',
  'toolRunner',
]);
