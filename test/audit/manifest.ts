/** What was planted in the prepared repositories, written down before any point could look. */

/** One fault: the point that must report it, at which level, and the line that shows it. */
export interface Planted {
  readonly point: string;
  readonly level: 'fail' | 'warn';
  readonly file: string;
  /** A part of the line that stands in the file only once. */
  readonly line: string;
}

/** One prepared repository and everything that is wrong with it. */
export interface Prepared {
  readonly name: string;
  /** Hosts that are gateways of hardcap there. */
  readonly gateways: readonly string[];
  /** Points that have nothing to judge there. */
  readonly notApplicable: readonly string[];
  readonly planted: readonly Planted[];
}

const GUARD_TS = 'src/guard.ts';
const NEW_GUARD = 'export const guard = new BudgetGuard(';
const ASK = 'bin/ask.js';
const FROM_CONFIG = 'const guard = BudgetGuard.fromConfig();';
const BYPASS = 'src/index.ts';
const FIRST_CLIENT = 'new Anthropic({ maxRetries: 10 })';
const WORKER = 'apps/worker/src/worker.ts';
const WORKER_GUARD = 'const guard = new BudgetGuard({ global_cap_per_month_usd: 500 });';
const CHAINS = 'src/chains.ts';
const TEXT = 'src/text.ts';

/** The prepared repositories; nothing else may be reported in any of them. */
export const PREPARED: readonly Prepared[] = [
  { name: 'perfect', gateways: [], notApplicable: [], planted: [] },
  {
    name: 'no-models',
    gateways: [],
    notApplicable: [
      'caps',
      'scopes',
      'egress',
      'ceilings',
      'refusals',
      'retries',
      'prices',
      'store',
      'alerts',
      'fallback',
      'vendors',
      'reconciliation',
    ],
    planted: [],
  },
  {
    name: 'bypass',
    gateways: [],
    notApplicable: ['fallback'],
    planted: [
      fail('caps', BYPASS, FIRST_CLIENT),
      fail('scopes', BYPASS, FIRST_CLIENT),
      fail('egress', BYPASS, FIRST_CLIENT),
      fail('egress', BYPASS, 'new OpenAI()'),
      fail('egress', BYPASS, 'new GoogleGenAI({})'),
      fail('egress', BYPASS, 'return axios.post('),
      fail('egress', BYPASS, "await fetch('https://api.openai.com"),
      fail('egress', BYPASS, 'new WebSocket('),
      warn('egress', 'package.json', '"review": "claude -p'),
      fail('ceilings', BYPASS, "openai.chat.completions.create({ model: 'gpt-4o'"),
      fail('refusals', BYPASS, '} catch (error) {'),
      fail('refusals', BYPASS, 'return pRetry(() =>'),
      fail('retries', BYPASS, FIRST_CLIENT),
      fail('retries', BYPASS, 'return pRetry(() =>'),
      fail('prices', BYPASS, 'claude-opus-9-nonesuch'),
      fail('store', BYPASS, FIRST_CLIENT),
      fail('alerts', BYPASS, FIRST_CLIENT),
      fail('reconciliation', BYPASS, FIRST_CLIENT),
      warn('vendors', 'package.json', '"start": "bun run'),
      warn('vendors', 'package.json', '"review": "claude -p'),
    ],
  },
  {
    name: 'typescript-api',
    gateways: [],
    notApplicable: [],
    planted: [
      warn('caps', GUARD_TS, "mode: 'observe'"),
      fail('scopes', GUARD_TS, "mode: 'observe'"),
      fail('scopes', GUARD_TS, "{ scope: 'agent'"),
      fail('egress', 'src/anthropic.ts', 'return new Anthropic({ apiKey });'),
      fail('ceilings', 'src/chat.ts', 'openai.chat.completions.create({'),
      fail('refusals', 'src/chat.ts', '} catch (error) {'),
      fail('retries', 'src/anthropic.ts', 'new Anthropic({ maxRetries: 4 })'),
      fail('prices', 'src/chat.ts', 'gpt-0-imaginary'),
      fail('store', GUARD_TS, "synchronous: 'normal'"),
      fail('store', 'k8s/deployment.yaml', 'replicas: 4'),
      warn('store', GUARD_TS, NEW_GUARD),
      warn('alerts', GUARD_TS, 'thresholds: []'),
      fail('alerts', GUARD_TS, NEW_GUARD),
      warn('alerts', GUARD_TS, NEW_GUARD),
      fail('fallback', GUARD_TS, "fallback: { 'claude-haiku-4-5'"),
      fail('reconciliation', GUARD_TS, NEW_GUARD),
    ],
  },
  {
    name: 'javascript-cli',
    gateways: [],
    notApplicable: ['fallback'],
    planted: [
      fail('scopes', 'budget-guard.config.json', 'per_user_cap_per_day_usd'),
      fail('egress', ASK, 'const request = https.request({'),
      fail('ceilings', ASK, ".create({ model: 'gpt-4o', input: question })"),
      fail('refusals', ASK, '.catch(() => undefined)'),
      fail('refusals', ASK, FROM_CONFIG),
      warn('retries', ASK, 'new OpenAI({ timeout: 2_000 })'),
      fail('store', ASK, FROM_CONFIG),
      fail('alerts', 'budget-guard.config.json', '"thresholds": []'),
      fail('alerts', ASK, FROM_CONFIG),
      warn('alerts', ASK, FROM_CONFIG),
      fail('reconciliation', ASK, FROM_CONFIG),
    ],
  },
  {
    name: 'python-beside',
    gateways: ['hardcap-gateway'],
    notApplicable: ['fallback'],
    planted: [
      fail('egress', 'services/ranker/ranker.py', 'past = AsyncOpenAI(timeout=30)'),
      fail('egress', 'services/ranker/ranker.py', 'return requests.post('),
      fail('egress', 'services/batch/batch.py', 'client = anthropic.Anthropic()'),
      fail('egress', 'services/batch/batch.py', 'return litellm.completion('),
    ],
  },
  {
    name: 'monorepo',
    gateways: [],
    notApplicable: ['fallback'],
    planted: [
      warn('caps', WORKER, WORKER_GUARD),
      fail('scopes', WORKER, WORKER_GUARD),
      fail('egress', 'apps/worker/src/images.ts', 'new OpenAI().images'),
      fail('refusals', WORKER, 'await Promise.allSettled('),
      warn('store', 'packages/llm/src/index.ts', 'journal: null'),
      fail('store', WORKER, WORKER_GUARD),
      fail('alerts', WORKER, WORKER_GUARD),
      warn('alerts', WORKER, WORKER_GUARD),
      fail('reconciliation', WORKER, WORKER_GUARD),
    ],
  },
  {
    name: 'frameworks',
    gateways: [],
    notApplicable: [],
    planted: [
      fail('caps', 'budget-guard.config.json', 'global_cap_per_dya_usd'),
      warn('scopes', 'budget-guard.config.json', 'global_cap_per_dya_usd'),
      fail('egress', CHAINS, 'new ChatAnthropic('),
      fail('egress', TEXT, "model: openai('gpt-4o'), prompt"),
      fail('egress', TEXT, "model: 'anthropic/claude-sonnet-4-6'"),
      fail('ceilings', TEXT, "model: openai('gpt-4o'), prompt"),
      fail('refusals', TEXT, '} catch {'),
      fail('refusals', CHAINS, FROM_CONFIG),
      warn('retries', CHAINS, 'new ChatAnthropic('),
      fail('store', CHAINS, FROM_CONFIG),
      fail('alerts', CHAINS, FROM_CONFIG),
      warn('alerts', CHAINS, FROM_CONFIG),
      warn('fallback', TEXT, "model: openai('gpt-4o'), prompt"),
      warn('vendors', 'package.json', 'some-ai-thing'),
      fail('reconciliation', CHAINS, FROM_CONFIG),
    ],
  },
];

function fail(point: string, file: string, line: string): Planted {
  return { point, level: 'fail', file, line };
}

function warn(point: string, file: string, line: string): Planted {
  return { point, level: 'warn', file, line };
}
