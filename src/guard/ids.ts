/** Makes ids that are unique across processes: 12 random bytes once, then a counter. */
export function createIds(): () => string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(12));
  const incarnation = btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
  let next = 0;
  return () => `${incarnation}-${(next++).toString(36)}`;
}
