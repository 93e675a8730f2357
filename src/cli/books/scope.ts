import { GLOBAL_SCOPE } from '../../policy/scope.ts';
import { usageError } from '../usage-error.ts';

/** A scope as it was typed: `global` or `<dimension>:<value>`. Throws `COMMAND_INVALID`. */
export function readScope(text: string): string {
  if (text === GLOBAL_SCOPE || /^[^:\s]+:./.test(text)) return text;
  throw usageError(
    `The scope ${JSON.stringify(text)} is neither global nor <dimension>:<value>`,
    `Say customer:${text.replaceAll(':', '') || 'acme'}, with the dimension that is meant`,
  );
}
