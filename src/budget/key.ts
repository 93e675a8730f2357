import { MisuseError } from '../errors/error.ts';

/** Only this package's own code can name it, so only that can make handles. */
export const KEY: unique symbol = Symbol('hardcap makes its handles itself');

/** Throws `REQUEST_INVALID` for a handle that somebody makes himself, or a subclass of one. */
export function mustBeKey(key: unknown, isOwnClass: boolean): void {
  if (key === KEY && isOwnClass) return;
  throw new MisuseError(
    'REQUEST_INVALID',
    'A budget comes from Budget.create(mint, amounts) or from another budget, and its class is ' +
      'final: it cannot be made with `new` or extended.',
  );
}
