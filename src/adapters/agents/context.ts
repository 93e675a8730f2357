import { AsyncLocalStorage } from 'node:async_hooks';
import type { HardcapError } from '../../errors/error.ts';

/** Where running code stands among agents: who is told when a call made there is refused. */
export interface AgentPlace {
  refused(error: HardcapError): void;
}

const places = new AsyncLocalStorage<AgentPlace>();

/** The place that the running code stands at; `undefined`: it is no agent's. */
export function placeHere(): AgentPlace | undefined {
  return places.getStore();
}

/** Runs `fn` at a place, and all that it starts. */
export function runAt<T>(place: AgentPlace, fn: () => T): T {
  return places.run(place, fn);
}

/** What tells whoever stands here now of a refusal, wherever it is called later. */
export function tellerHere(): (error: HardcapError) => void {
  const place = places.getStore();
  return (error) => place?.refused(error);
}

/** Tells the agent that made a call of its refusal, whatever its framework makes of the answer. */
export function tellRefusal(error: HardcapError): void {
  places.getStore()?.refused(error);
}
