import type { Unbounded, UsageBound } from '../../../estimate/usage-bound.ts';
import type { TokenClass } from '../../../meter/usage.ts';
import { isCount, tokens } from '../../../units/count.ts';
import { openDraft, placeOf, type BoundTerms } from '../bound.ts';
import { IMAGES_FIELDS, IMAGE_FORMAT, IMAGE_TOKENS } from '../features.ts';

/**
 * Image generation. Image models publish no formula from size and quality to tokens, and the
 * retired per-image models have a price for each size and quality, so all are refused unless the
 * user says how many output tokens one image takes at most. Each partial image takes 100 more
 * (image generation guide of developers.openai.com).
 */
export function boundImages(terms: BoundTerms): UsageBound | Unbounded {
  const { body } = terms.facts;
  const { draft } = openDraft(terms, IMAGES_FIELDS);
  const images = isCount(body['n']) ? body['n'] : 1;
  const format = body['output_format'];
  if (format !== undefined && format !== null && !STILL_FORMATS.has(format)) {
    draft.use(IMAGE_FORMAT);
  }
  const each = tokens(draft.allowed(IMAGE_TOKENS.name)?.outputTokensMax);
  if (each === undefined) draft.refuse(IMAGE_TOKENS, IMAGE_TOKENS.reason);
  const partials = isCount(body['partial_images']) ? body['partial_images'] : 0;
  draft.addOutput(((each ?? 0) + partials * PARTIAL_IMAGE_TOKENS) * images);
  return draft.finish({
    outputTokens: undefined,
    inputClasses: INPUT,
    outputClasses: OUTPUT,
    ...placeOf(terms, draft),
  });
}

const STILL_FORMATS: ReadonlySet<unknown> = new Set(['png', 'jpeg', 'webp']);
const PARTIAL_IMAGE_TOKENS = 100;
const OUTPUT: readonly TokenClass[] = ['output', 'imageOutput'];
const INPUT: readonly TokenClass[] = ['input', 'imageInput'];
