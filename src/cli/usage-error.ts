import { MisuseError } from '../errors/error.ts';

/**
 * A command line that cannot be meant: the program ends with 2, and nothing was done.
 *
 * `what` says what is wrong, with the value; `instead` what to type or do now. Both are sentences
 * without a full stop.
 */
export function usageError(what: string, instead: string): MisuseError {
  return new MisuseError('COMMAND_INVALID', `${what}. ${instead}.`);
}
