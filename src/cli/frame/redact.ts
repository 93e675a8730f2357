/** Two letters at least: `C:/` begins a path. A password may hold anything, blanks and `@` too. */
const USER_INFO = /([a-z][a-z0-9+.-]+:\/+)[^\n]*@/gi;
const NAMES = 'password|passwd|pass|pwd|sslpassword|auth|token|secret';
const PARAMETER = new RegExp(
  `([?&;\\s](?:${NAMES})=)(?:'[^'\\n]*'|"[^"\\n]*"|[^&;\\s"'\`]*)`,
  'gi',
);
const LAST_PARAMETER = new RegExp(`([?&;\\s](?:${NAMES})=)[^&;]*`, 'gi');

/**
 * A text without the secrets of connection strings in it: what stands between the scheme of an
 * address and the last `@` of its line, and passwords among its parameters.
 */
export function redacted(text: string): string {
  return text.replace(USER_INFO, '$1***@').replace(PARAMETER, '$1***');
}

/** The same of a text that is one address and nothing else: a parameter may hold blanks, too. */
export function redactedAddress(address: string): string {
  return redacted(address.replaceAll('\n', ' ').replace(LAST_PARAMETER, '$1***'));
}
