/** Makes ids that are unique across processes: 16 random bytes once, then a counter. */
export function createIds(): () => string {
  const incarnation = globalThis.crypto.randomUUID();
  let next = 0;
  return () => `${incarnation}-${(next++).toString(36)}`;
}
