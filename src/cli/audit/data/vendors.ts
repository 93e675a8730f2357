/**
 * Who owns what a project depends on, as far as it was looked up: each row with the date that it
 * speaks of and its source. An owner that was not established is `unknown`; none is guessed.
 */

/** What a vendor's thing is to a project. */
export type VendorKind =
  | 'runtime'
  | 'command-line tool'
  | 'SDK'
  | 'gateway'
  | 'observability'
  | 'framework';

/** One thing that a project may depend on, and the company behind it. */
export interface Vendor {
  readonly name: string;
  readonly kind: VendorKind;
  /** Packages (npm or PyPI) that bring it; a `*` at the end stands for any rest. */
  readonly packages: readonly string[];
  /** Commands that run it. */
  readonly commands: readonly string[];
  /** The company; `unknown` where it was not established. */
  readonly owner: string;
  /** `announced`: whether the deal has closed was not established. */
  readonly state: 'owned' | 'announced';
  /** From when, or as of when: `YYYY-MM-DD` or `YYYY-MM`. */
  readonly date: string;
  readonly source: string;
}

/** Money of one company in another, or something that the other depends on. */
export interface Tie {
  readonly kind: 'balance sheet' | 'tool';
  readonly holder: string;
  readonly of: string;
  /** A sentence without a full stop. */
  readonly what: string;
  readonly date: string;
  readonly source: string;
}

/** Who sells a model, by the beginning of its name. */
export interface ModelSeller {
  readonly name: RegExp;
  readonly owner: string;
}

/** When all rows were last looked up. */
export const LOOKED_UP = '2026-11-22';

/** Sellers of models, by the names that their own references use. */
export const MODEL_SELLERS: readonly ModelSeller[] = [
  { name: /^claude-/, owner: 'Anthropic' },
  { name: /^(gpt-|o\d|chatgpt-|text-embedding-|davinci|dall-e|whisper|tts-)/, owner: 'OpenAI' },
  { name: /^gemini-/, owner: 'Google' },
];

/** Things with their owners. */
export const VENDORS: readonly Vendor[] = [
  {
    name: 'Bun',
    kind: 'runtime',
    packages: ['bun', 'bun-types', '@types/bun'],
    commands: ['bun', 'bunx'],
    owner: 'Anthropic',
    state: 'owned',
    date: '2025-12-02',
    source:
      'https://www.anthropic.com/news/anthropic-acquires-bun-as-claude-code-reaches-usd1b-milestone',
  },
  {
    name: 'Node.js',
    kind: 'runtime',
    packages: [],
    commands: ['node'],
    owner: 'OpenJS Foundation',
    state: 'owned',
    date: '2019',
    source: 'https://openjsf.org/about/',
  },
  {
    name: 'Deno',
    kind: 'runtime',
    packages: ['deno'],
    commands: ['deno'],
    owner: 'Deno',
    state: 'owned',
    date: '2021',
    source: 'https://deno.com/blog/the-deno-company',
  },
  {
    name: 'uv, Ruff and ty (Astral)',
    kind: 'command-line tool',
    packages: ['uv', 'ruff', 'ty'],
    commands: ['uv', 'uvx', 'ruff'],
    owner: 'OpenAI',
    state: 'announced',
    date: '2026-03-19',
    source: 'https://sdd.sh/2026/05/openai-just-bought-pythons-toolchain.-thats-a-problem./',
  },
  {
    name: 'promptfoo',
    kind: 'command-line tool',
    packages: ['promptfoo'],
    commands: ['promptfoo'],
    owner: 'OpenAI',
    state: 'announced',
    date: '2026-03-09',
    source:
      'https://associatesai.team/blog/openai-acquired-promptfoo-what-it-means-for-agent-testing',
  },
  {
    name: 'Statsig',
    kind: 'observability',
    packages: ['statsig-*', '@statsig/*'],
    commands: [],
    owner: 'OpenAI',
    state: 'announced',
    date: '2025-09',
    source:
      'https://www.webpronews.com/openai-acquires-statsig-for-500m-to-bolster-ai-amid-fierce-rivalry',
  },
  {
    name: 'Claude Code',
    kind: 'command-line tool',
    packages: ['@anthropic-ai/claude-code', '@anthropic-ai/claude-agent-sdk', 'claude-agent-sdk'],
    commands: ['claude'],
    owner: 'Anthropic',
    state: 'owned',
    date: '2026-05-15',
    source: 'https://kanopylabs.com/blog/codex-cli-vs-claude-code-vs-gemini-cli-terminal-ai',
  },
  {
    name: 'Codex',
    kind: 'command-line tool',
    packages: ['@openai/codex', '@openai/codex-sdk'],
    commands: ['codex'],
    owner: 'OpenAI',
    state: 'owned',
    date: '2026-05-15',
    source: 'https://kanopylabs.com/blog/codex-cli-vs-claude-code-vs-gemini-cli-terminal-ai',
  },
  {
    name: 'Gemini CLI',
    kind: 'command-line tool',
    packages: ['@google/gemini-cli'],
    commands: ['gemini'],
    owner: 'Google',
    state: 'owned',
    date: '2026-05-15',
    source: 'https://kanopylabs.com/blog/codex-cli-vs-claude-code-vs-gemini-cli-terminal-ai',
  },
  {
    name: 'GitHub Copilot',
    kind: 'command-line tool',
    packages: ['@github/copilot', '@github/copilot-sdk'],
    commands: ['copilot'],
    owner: 'GitHub',
    state: 'owned',
    date: '2026-04-03',
    source: 'https://www.selfevolving.app/comparison.html',
  },
  unknown('aider', 'command-line tool', { packages: ['aider-chat'], commands: ['aider'] }),
  unknown('opencode', 'command-line tool', { packages: ['opencode-ai'], commands: ['opencode'] }),
  unknown('Cursor', 'command-line tool', { packages: [], commands: ['cursor-agent'] }),
  {
    name: 'the SDK of Anthropic',
    kind: 'SDK',
    packages: ['@anthropic-ai/*', 'anthropic'],
    commands: [],
    owner: 'Anthropic',
    state: 'owned',
    date: LOOKED_UP,
    source: 'https://app.unpkg.com/@anthropic-ai/sdk@0.81.0/files',
  },
  {
    name: 'the SDK of OpenAI',
    kind: 'SDK',
    packages: ['openai', '@openai/*'],
    commands: [],
    owner: 'OpenAI',
    state: 'owned',
    date: LOOKED_UP,
    source: 'https://www.npmjs.com/~dschnurr-openai',
  },
  {
    name: 'the SDK of Google',
    kind: 'SDK',
    packages: ['@google/genai', '@google/generative-ai', 'google-genai', 'google-generativeai'],
    commands: [],
    owner: 'Google',
    state: 'owned',
    date: LOOKED_UP,
    source: 'https://github.com/googleapis/js-genai',
  },
  {
    name: 'the SDK of Amazon Bedrock',
    kind: 'SDK',
    packages: ['@aws-sdk/client-bedrock-runtime', '@aws-sdk/client-bedrock-agent-runtime'],
    commands: [],
    owner: 'Amazon',
    state: 'owned',
    date: LOOKED_UP,
    source: 'https://npmjs.com/package/@aws-sdk/client-bedrock-runtime',
  },
  {
    name: 'the AI SDK',
    kind: 'framework',
    packages: ['ai', '@ai-sdk/*'],
    commands: [],
    owner: 'Vercel',
    state: 'owned',
    date: LOOKED_UP,
    source: 'https://app.unpkg.com/ai@6.0.19/files/package.json',
  },
  unknown('LangChain', 'framework', {
    packages: ['langchain', 'langchain-*', '@langchain/*', 'langgraph'],
    commands: [],
  }),
  unknown('LlamaIndex', 'framework', { packages: ['llamaindex', 'llama-index'], commands: [] }),
  unknown('Mastra', 'framework', { packages: ['@mastra/*'], commands: [] }),
  {
    name: 'LiteLLM',
    kind: 'gateway',
    packages: ['litellm'],
    commands: ['litellm'],
    owner: 'BerriAI',
    state: 'owned',
    date: '2026-06-25',
    source: 'https://aiwiki.ai/wiki/litellm',
  },
  {
    name: 'Portkey',
    kind: 'gateway',
    packages: ['portkey-ai', '@portkey-ai/*'],
    commands: [],
    owner: 'Palo Alto Networks',
    state: 'owned',
    date: '2026-06-02',
    source:
      'https://hyperframeresearch.com/2026/06/02/palo-alto-networks-portkey-buy-exposes-real-world-ai-gateway-friction/',
  },
  {
    name: 'Helicone',
    kind: 'gateway',
    packages: ['@helicone/*', 'helicone'],
    commands: [],
    owner: 'Mintlify',
    state: 'owned',
    date: '2026-03-03',
    source: 'https://baeseokjae.github.io/posts/llm-gateway-comparison-2026/',
  },
  {
    name: 'OpenRouter',
    kind: 'gateway',
    packages: ['@openrouter/*'],
    commands: [],
    owner: 'OpenRouter',
    state: 'owned',
    date: '2026-05-26',
    source: 'https://legalclarity.org/who-owns-openrouter-founder-investors-funding/',
  },
  {
    name: 'Langfuse',
    kind: 'observability',
    packages: ['langfuse', '@langfuse/*'],
    commands: [],
    owner: 'ClickHouse',
    state: 'owned',
    date: '2026-01-16',
    source: 'https://usagepricing.com/blueprint/langfuse',
  },
];

/** Money and other ties between the companies. */
export const TIES: readonly Tie[] = [
  {
    kind: 'balance sheet',
    holder: 'Amazon',
    of: 'Anthropic',
    what: 'Amazon has invested in Anthropic ($8 billion, and up to $25 billion more)',
    date: '2026-04-20',
    source:
      'https://www.mediapost.com/publications/article/414593/google-to-invest-up-to-40b-in-an-unbiased-anthrop.html',
  },
  {
    kind: 'balance sheet',
    holder: 'Google',
    of: 'Anthropic',
    what: 'Google has invested in Anthropic ($10 billion, and up to $30 billion more)',
    date: '2026-04-24',
    source:
      'https://www.mediapost.com/publications/article/414593/google-to-invest-up-to-40b-in-an-unbiased-anthrop.html',
  },
  {
    kind: 'balance sheet',
    holder: 'Microsoft',
    of: 'Anthropic',
    what: 'Microsoft has committed to invest in Anthropic (up to $5 billion)',
    date: '2025-11-18',
    source:
      'https://www.ndtvprofit.com/business/microsoft-nvidia-to-invest-up-to-15-billion-in-anthropic',
  },
  {
    kind: 'balance sheet',
    holder: 'Nvidia',
    of: 'Anthropic',
    what: 'Nvidia has committed to invest in Anthropic (up to $10 billion)',
    date: '2025-11-18',
    source:
      'https://www.ndtvprofit.com/business/microsoft-nvidia-to-invest-up-to-15-billion-in-anthropic',
  },
  {
    kind: 'balance sheet',
    holder: 'Microsoft',
    of: 'OpenAI',
    what: 'Microsoft holds about 27 % of OpenAI',
    date: '2025-10-28',
    source: 'https://yourstory.com/ai-story/openai-restructures-microsoft-stake-in-pbc',
  },
  {
    kind: 'balance sheet',
    holder: 'Amazon',
    of: 'OpenAI',
    what: 'Amazon has committed to invest in OpenAI ($15 billion, and $35 billion on conditions)',
    date: '2026-02-27',
    source:
      'https://ainewshome.com/article/amazon-invests-50-billion-openai-110-billion-funding-round',
  },
  {
    kind: 'balance sheet',
    holder: 'Nvidia',
    of: 'OpenAI',
    what: 'Nvidia has committed to invest in OpenAI ($30 billion)',
    date: '2026-02-27',
    source:
      'https://ainewshome.com/article/amazon-invests-50-billion-openai-110-billion-funding-round',
  },
  {
    kind: 'balance sheet',
    holder: 'Google',
    of: 'OpenRouter',
    what: "CapitalG, a fund of Google's parent, led a funding round of OpenRouter",
    date: '2026-05-26',
    source:
      'https://chatforest.com/builders-log/openrouter-113m-series-b-llm-routing-layer-builder-guide/',
  },
  {
    kind: 'tool',
    holder: 'Anthropic',
    of: 'OpenAI',
    what: 'Anthropic owns Stainless, whose generator made the SDKs of OpenAI',
    date: '2026-05-18',
    source: 'https://theloop.techdani.cc/posts/anthropic-stainless-sdk-pipeline-openai-google',
  },
];

function unknown(
  name: string,
  kind: VendorKind,
  { packages, commands }: Pick<Vendor, 'packages' | 'commands'>,
): Vendor {
  const source = 'not established';
  return {
    name,
    kind,
    packages,
    commands,
    owner: 'unknown',
    state: 'owned',
    date: LOOKED_UP,
    source,
  };
}
