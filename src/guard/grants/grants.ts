/** Signed grants: a sum handed to another process, redeemed once. In the order of their life. */
export { issueGrant, GRANT_MS_MAX, type GrantOptions } from './issue.ts';
export { Grant, type CollectOptions, type Collected } from './grant.ts';
export type { GrantKey } from './grant-key.ts';
export {
  GRANT_A2A_EXTENSION,
  GRANT_A2A_KEY,
  GRANT_HEADER,
  GRANT_MCP_KEY,
  grantHeaders,
  grantMeta,
  grantMetadata,
  readGrantHeader,
  readGrantMeta,
  readGrantMetadata,
  type HeadersLike,
} from './carry.ts';
export { redeemGrant, type RedeemOptions } from './redeem.ts';
export { GrantError, type GrantFault } from '../../errors/grant-error.ts';
