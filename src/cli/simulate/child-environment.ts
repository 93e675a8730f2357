import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a command is told in a dry run. */
export interface DryRunPlace {
  /** Where the emulator answers. */
  readonly origin: string;
  /** Where stopped connections are noted. */
  readonly stoppedFile: string;
  /** The proxy that lets no connection to a provider pass. */
  readonly proxy: string;
  /** Loads `hardcap/register` in each Node process; `undefined`: it has only guards of its own. */
  readonly register: { readonly configPath: string | undefined } | undefined;
}

/** Stands where a key has to be. */
const NO_KEY = 'hardcap-dry-run';

/** Whose accounts the variables open that are taken away. */
const OWNERS = [
  'ANTHROPIC',
  'CLAUDE',
  'OPENAI',
  'AZURE_OPENAI',
  'AZURE_AI',
  'GEMINI',
  'GOOGLE',
  'VERTEX',
  'AWS_BEARER',
  'MISTRAL',
  'GROQ',
  'COHERE',
  'CO',
  'DEEPSEEK',
  'XAI',
  'TOGETHER',
  'TOGETHERAI',
  'FIREWORKS',
  'PERPLEXITY',
  'OPENROUTER',
];

/** `ANTHROPIC_API_KEY`, `CLAUDE_CODE_OAUTH_TOKEN`, `AWS_BEARER_TOKEN_BEDROCK`. */
const KEYS = new RegExp(`^(${OWNERS.join('|')})(_[A-Z0-9]+)*_(KEY|TOKEN|BEDROCK)$`);

/** Names of variables that say where real spend is booked: what is emulated is no part of it. */
const BOOKS: ReadonlySet<string> = new Set(['HARDCAP_LEDGER', 'HARDCAP_REPORT']);

/**
 * The environment of a command in a dry run: the addresses of providers are the emulator's, their
 * keys are gone (the emulated ones have keys that open nothing), Node loads the net under `fetch`
 * first, and other programs are given a proxy that stops connections to providers.
 */
export function childEnvironment(env: Environment, place: DryRunPlace): Environment {
  const kept = Object.entries(env).filter(([name]) => !KEYS.test(name) && !BOOKS.has(name));
  const { origin, stoppedFile, proxy, register } = place;
  const config = register?.configPath;
  return {
    ...Object.fromEntries(kept),
    ANTHROPIC_BASE_URL: origin,
    ANTHROPIC_API_BASE: origin,
    ANTHROPIC_API_KEY: NO_KEY,
    OPENAI_BASE_URL: `${origin}/v1`,
    OPENAI_API_BASE: `${origin}/v1`,
    OPENAI_API_KEY: NO_KEY,
    HARDCAP_DRY_RUN_ORIGIN: origin,
    HARDCAP_DRY_RUN_STOPPED: stoppedFile,
    ...(config === undefined ? {} : { HARDCAP_CONFIG: config }),
    NODE_OPTIONS: nodeOptions(env['NODE_OPTIONS'], register !== undefined),
    ...proxyVariables(env, proxy),
  };
}

/** A proxy of the user's own stays: it knows a way out that this one would not. */
function proxyVariables(env: Environment, proxy: string): Environment {
  const isSet = (env['HTTPS_PROXY'] ?? env['https_proxy'] ?? '') !== '';
  if (isSet) return {};
  const own = env['NO_PROXY'] ?? env['no_proxy'] ?? '';
  const direct = ['127.0.0.1', 'localhost', ...(own === '' ? [] : [own])].join(',');
  return { HTTPS_PROXY: proxy, https_proxy: proxy, NO_PROXY: direct, no_proxy: direct };
}

function nodeOptions(own: string | undefined, isRegistered: boolean): string {
  const before = own === undefined || own === '' ? [] : [own];
  const registered = isRegistered
    ? ['--import', quoted(moduleFile('../../register/register'))]
    : [];
  return [...before, ...loaders(), ...preload(), ...registered].join(' ');
}

/** By `--require`, which reaches worker threads of every kind; a source needs its loader first. */
function preload(): readonly string[] {
  const file = moduleFile('preload');
  return file.endsWith('.ts')
    ? ['--import', quoted(file)]
    : ['--require', quoted(fileURLToPath(file))];
}

/** Run from its sources, this program was itself started with a loader that its preload needs. */
function loaders(): readonly string[] {
  if (!moduleFile('preload').endsWith('.ts')) return [];
  return process.execArgv.flatMap((name, index, all) => {
    const value = all[index + 1];
    const isLoader = name === '--import' || name === '--require';
    return isLoader && value !== undefined ? [name, quoted(value)] : [];
  });
}

function moduleFile(name: string): string {
  const built = new URL(`${name}.js`, import.meta.url);
  const isBuilt = existsSync(fileURLToPath(built));
  return (isBuilt ? built : new URL(`${name}.ts`, import.meta.url)).href;
}

/** As `NODE_OPTIONS` takes a value that may have spaces. */
function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
