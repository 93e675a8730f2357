import type { BoundDraft, Feature } from '../../bound-draft.ts';
import type { JsonObject } from '../../provider.ts';
import { isObject } from '../../read-json.ts';

/**
 * Holds a whole context window for an item that has an id and does not show all of its content,
 * since the server may put into the prompt what it keeps under that id.
 */
export function fillKept(draft: BoundDraft, type: unknown, part: JsonObject): void {
  const kept = KEPT_ITEMS.get(type);
  if (kept === undefined || !KEEPING_FIELDS.some((name) => isShown(part[name]))) return;
  const isWhole = kept.shownBy?.every((group) => group.some((name) => isShown(part[name])));
  if (isWhole !== true || hasUnseenImage(part['outputs'])) draft.fill(kept.feature);
}

/** By which an item may name what the server keeps. */
const KEEPING_FIELDS = ['id', 'approval_request_id'] as const;

function isShown(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  return !Array.isArray(value) || value.length > 0;
}

/** Outputs of code are logs, which are text, or images by URL. */
function hasUnseenImage(outputs: unknown): boolean {
  if (!Array.isArray(outputs)) return false;
  return (outputs as unknown[]).some((output) => !isObject(output) || output['type'] !== 'logs');
}

/** An item whose content the server looks up by its id: at most one context window of it. */
export interface KeptItem {
  readonly feature: Feature;
  /** Content that the request must show, each by any one field of a group; none: it never can. */
  readonly shownBy: readonly (readonly string[])[] | undefined;
}

function keptItem(type: string, shownBy: KeptItem['shownBy']): readonly [unknown, KeptItem] {
  const reason = 'what the server keeps under the id of this item has no known size';
  return [type, { feature: { name: type, reason, adds: 'input' }, shownBy }];
}

/**
 * Input items that may stand for what the server keeps under their `id` (`ResponseInputItem` in
 * `openai` 7.57): reasoning unless it is encrypted into the request, images unless they are in it,
 * results of hosted tools unless they were included. What a web search read is never in its item,
 * and an approval is of a request that stands elsewhere.
 */
export const KEPT_ITEMS: ReadonlyMap<unknown, KeptItem> = new Map<unknown, KeptItem>([
  keptItem('item_reference', undefined),
  keptItem('web_search_call', undefined),
  keptItem('mcp_approval_response', undefined),
  keptItem('message', [['content']]),
  keptItem('reasoning', [['encrypted_content']]),
  keptItem('compaction', [['encrypted_content']]),
  keptItem('image_generation_call', [['result']]),
  keptItem('file_search_call', [['results']]),
  keptItem('code_interpreter_call', [['code'], ['outputs']]),
  keptItem('computer_call', [['action', 'actions']]),
  keptItem('computer_call_output', [['output']]),
  keptItem('function_call', [['arguments']]),
  keptItem('function_call_output', [['output']]),
  keptItem('custom_tool_call', [['input']]),
  keptItem('custom_tool_call_output', [['output']]),
  keptItem('tool_search_call', [['arguments']]),
  keptItem('tool_search_output', [['tools']]),
  keptItem('additional_tools', [['tools']]),
  keptItem('configuration_update', [['reasoning', 'text']]),
  keptItem('local_shell_call', [['action']]),
  keptItem('local_shell_call_output', [['output']]),
  keptItem('shell_call', [['action']]),
  keptItem('shell_call_output', [['output']]),
  keptItem('apply_patch_call', [['operation']]),
  keptItem('apply_patch_call_output', [['output']]),
  keptItem('mcp_list_tools', [['tools']]),
  keptItem('mcp_approval_request', [['arguments']]),
  keptItem('mcp_call', [['arguments'], ['output', 'error']]),
  keptItem('program', [['code']]),
  keptItem('program_output', [['result']]),
]);
