/**
 * Budgets for agents and the agents that they call, `hardcap/agents`: a neutral core, and adapters
 * for frameworks, which are handed in and never imported.
 */
export { bindToAgent, runAgents, spawnAgent, type AgentRun } from './run.ts';
export { asAgent, wrapMethods, type AgentFunctionTerms } from './methods.ts';
export { agentStream, wrapAiAgent, type AiAgentLike } from './ai-sdk.ts';
export { wrapRunnable, type RunnableLike, type RunnableTerms } from './langchain.ts';
export { wrapOpenAIAgent, type OpenAIAgentLike, type OpenAIAgentTerms } from './openai-agents.ts';
export type { AgentEnd, AgentsOptions, AgentTerms, Allotment } from './terms.ts';
