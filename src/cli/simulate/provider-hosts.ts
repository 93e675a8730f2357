/**
 * Hosts at which models are paid for: no connection to them leaves a dry run. Besides the two that
 * are emulated, those whose clients take their address from code more often than from the
 * environment. From the providers' own API references.
 */
const HOSTS: readonly RegExp[] = [
  /^api\.anthropic\.com$/,
  /^([a-z]{2}\.)?api\.openai\.com$/,
  /\.openai\.azure\.com$/,
  /\.(services\.ai|cognitiveservices)\.azure\.com$/,
  /^generativelanguage\.googleapis\.com$/,
  /(^|-)aiplatform\.googleapis\.com$/,
  /^bedrock(-runtime)?(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/,
  /^bedrock-mantle\.[a-z0-9-]+\.api\.aws$/,
  /^openrouter\.ai$/,
  /^api\.mistral\.ai$/,
  /^api\.groq\.com$/,
  /^api\.cohere\.(ai|com)$/,
  /^api\.deepseek\.com$/,
  /^api\.x\.ai$/,
  /^api\.together\.(ai|xyz)$/,
  /^api\.fireworks\.ai$/,
  /^api\.perplexity\.ai$/,
];

/** Whether a provider of models answers there; case and a closing dot do not matter. */
export function isProviderHost(host: string): boolean {
  const plain = host.toLowerCase().replace(/\.$/, '');
  return HOSTS.some((pattern) => pattern.test(plain));
}

/** Hosts whose requests the emulator can answer in their place. */
export function isEmulatedHost(host: string): boolean {
  return /^(api\.anthropic\.com|([a-z]{2}\.)?api\.openai\.com)$/.test(host.toLowerCase());
}
