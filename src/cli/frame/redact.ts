const USER_INFO = /([a-z][a-z0-9+.-]*:\/\/)[^\s"'`<>]*@/gi;
const PARAMETER =
  /([?&;\s](?:password|passwd|pass|pwd|sslpassword|auth|token|secret)=)[^&;\s"'`]*/gi;

/**
 * A text without the secrets of connection strings in it: what stands before the last `@` of an
 * address, and passwords among its parameters.
 */
export function redacted(text: string): string {
  return text.replace(USER_INFO, '$1***@').replace(PARAMETER, '$1***');
}
