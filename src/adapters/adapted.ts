import { ADAPTATION, adaptationHeaders, type Adaptation } from '../guard/near-cap/adaptation.ts';

/**
 * Says on an answer what was made of its request: as a property that does not show up in loops, and
 * in headers, which are all that some clients hand on. An answer of another making, whose headers
 * cannot be changed, has the property alone.
 */
export function showAdaptation(response: Response, adaptation: Adaptation | undefined): Response {
  if (adaptation === undefined) return response;
  Reflect.defineProperty(response, ADAPTATION, {
    value: adaptation,
    configurable: true,
    enumerable: false,
  });
  return response;
}

/** Headers for the answer to a request that was adapted. */
export function headersWith(headers: Headers, adaptation: Adaptation | undefined): Headers {
  const all = new Headers(headers);
  if (adaptation === undefined) return all;
  for (const [name, value] of Object.entries(adaptationHeaders(adaptation))) all.set(name, value);
  return all;
}

/** What an answer says of its adaptation; `undefined`: its request went as it was asked for. */
export function adaptationIn(response: Response): Adaptation | undefined {
  const value: unknown = Reflect.get(response, ADAPTATION);
  return value === undefined ? undefined : (value as Adaptation);
}
