import { isFields, textOf } from '../../../meter/figures.ts';
import type { Fields } from '../../../meter/figures.ts';
import { hasObject } from '../../../meter/find-object.ts';
import type { FeeKind } from '../../../meter/usage.ts';
import { HOSTED_TOOLS } from '../features.ts';

/** Output items of the hosted tools that are billed by the call. */
export const CALLS = [
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'shell_call',
  'image_generation_call',
] as const;

/** A billed call, or an action of one that is free. */
export type Call = (typeof CALLS)[number] | 'free';

/** Chat models that search the web by themselves once per request. */
const SEARCH_MODEL = /-search-(preview|api)/;
const TEXT_LENGTH_MAX = 200;

/**
 * What the hosted tools cost by the piece. `tool_usage` leaves out discounted searches, which are
 * not free, so the listed calls count where they are more. Each code interpreter call counts as a
 * session: calls may share one, which the answer does not tell.
 */
export function feesOf(
  count: (call: Call) => number,
  searched: number,
  body: Fields,
): Partial<Record<FeeKind, number>> {
  const fees: Partial<Record<FeeKind, number>> = {};
  const webSearch = Math.max(searched, count('web_search_call') - count('free'));
  const shells = count('shell_call');
  const isHosted = shells > 0 && hasObject(body, (owner) => toolsOf(owner).some(isHostedShell));
  const codeSession = count('code_interpreter_call') + (isHosted ? shells : 0);
  if (webSearch > 0) fees.webSearch = webSearch;
  if (count('file_search_call') > 0) fees.fileSearch = count('file_search_call');
  if (codeSession > 0) fees.codeSession = codeSession;
  return fees;
}

/**
 * Whether a hosted tool whose use is billed outside `usage` stands anywhere in the body: in
 * `tools`, or added on the way.
 */
export function mayPayOutsideUsage(body: Fields): boolean {
  return hasObject(body, (tool) => {
    const feature = HOSTED_TOOLS.get(tool['type'])?.feature;
    const isPaid = feature?.fee !== undefined || feature?.outputClass !== undefined;
    return isPaid && !isLocal(tool);
  });
}

function isHostedShell(tool: Fields): boolean {
  return tool['type'] === 'shell' && !isLocal(tool);
}

function isLocal(tool: Fields): boolean {
  const environment = tool['environment'];
  return isFields(environment) && environment['type'] === 'local';
}

/** Whether a chat request makes one web search of its own, which its usage does not report. */
export function searchesOnce(body: Fields, model: string): boolean {
  return isFields(body['web_search_options']) || SEARCH_MODEL.test(model);
}

/** The model that draws for the request's image tool; `undefined` when the provider chooses it. */
export function imageModel(body: Fields): string | undefined {
  const tool = toolsOf(body).find((tool) => tool['type'] === 'image_generation');
  return textOf(tool?.['model'], TEXT_LENGTH_MAX);
}

function toolsOf(body: Fields): readonly Fields[] {
  const tools = body['tools'];
  return Array.isArray(tools) ? tools.filter(isFields) : [];
}
