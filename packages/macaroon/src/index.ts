/** The public face of the package: what others may import, and nothing else; `package.json` names the other doors. */

export { type Access, roles } from './access.ts'
export { type Action, actions, formatAction, isSubset, parseAction } from './action.ts'
export {
  type Bundle,
  type BundleClearance,
  type BundleOptions,
  clearBundle,
  type DamagedToken,
  parseBundle,
  type Permission,
  permissionLocation,
  type RefusedToken,
  type VerifiedBundle,
  verifyBundle,
} from './bundle.ts'
export type { Caveat, Command, Network, Networks, RunLabel } from './caveat.ts'
export { getCaveats } from './caveat-set.ts'
export { clear, type Clearance, clearCaveats, type Denial } from './clear.ts'
export { derivedTokenId } from './derived.ts'
export { bindToParent, type DischargeInput, dischargeTicket, ticketsOf } from './discharge.ts'
export type { DischargeAccess } from './discharge-access.ts'
export { MacaroonError, type MacaroonErrorCode } from './errors.ts'
export { expiration } from './expiration.ts'
export { decodeMacaroon, type DecodeOptions, type Macaroon } from './macaroon.ts'
export { attenuate, mintMacaroon, type MintInput } from './mint.ts'
export { type Nonce, tokenId } from './nonce.ts'
export { defineCaveat, type OwnCaveatDefinition, type OwnCaveatType } from './own-caveat.ts'
export type { Random } from './random.ts'
export { runLabels } from './run-labels.ts'
export { organizationScope } from './scope.ts'
export { formatAuthorization, type HeaderTokens, parseAuthorization } from './text.ts'
export { thirdParty, type ThirdPartyInput } from './third-party.ts'
export { openTicket, type Ticket } from './ticket.ts'
export { type VerifiedMacaroon, verify, type VerifyOptions } from './verify.ts'
export { extendVocabulary, flyVocabulary, type Vocabulary } from './vocabulary.ts'
