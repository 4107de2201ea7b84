/** The public face of the package: what others may import, and nothing else; `./json`, `./explain` and `./name` are doors of their own. */

export {
  bindToParent,
  caveatsWith,
  type DischargeInput,
  dischargeTicket,
  parentBinding,
  ticketsOf,
} from './discharge.ts'
export { type Access, memberFeatures, permittedRole, roles, validateAccess } from './access.ts'
export { type Action, actions, describeAction, formatAction, isSubset, parseAction } from './action.ts'
export {
  type Bundle,
  type BundleClearance,
  type BundleOptions,
  clearBundle,
  type DamagedToken,
  parseBundle,
  type Permission,
  type RefusedToken,
  type TokenRefusal,
  type VerifiedBundle,
  verifyBundle,
  permissionLocation,
} from './bundle.ts'
export type * from './caveat.ts'
export { decodeCaveats, encodeCaveats, getCaveats, maxCaveats, maxNesting } from './caveat-set.ts'
export { clear, type Clearance, clearCaveats, type ClearOptions, type Denial } from './clear.ts'
export type { CaveatCodec, CaveatJson, Refusal, RefusalKind } from './codec.ts'
export type { DischargeAccess, FlyioAccount, GitHubAccount, GoogleAccount } from './discharge-access.ts'
export {
  type CaveatErrorCode,
  MacaroonError,
  type MacaroonErrorCode,
  type TextErrorCode,
  type VerifyErrorCode,
  type WireErrorCode,
} from './errors.ts'
export { expiration } from './expiration.ts'
export type { JsonPath, JsonValue } from './json.ts'
export type { Kernel } from './kernel/kernel.ts'
export { decodeMacaroon, type DecodeOptions, encodeMacaroon, type Macaroon, maxMacaroonBytes } from './macaroon.ts'
export { type Addition, attenuate, mintMacaroon, type MintInput } from './mint.ts'
export type { MsgpackReader } from './msgpack-reader.ts'
export type { MsgpackWriter } from './msgpack-writer.ts'
export { type Nonce, tokenId } from './nonce.ts'
export { defineCaveat, type OwnCaveatDefinition, type OwnCaveatType } from './own-caveat.ts'
export type { Random } from './random.ts'
export { organizationScope } from './scope.ts'
export {
  formatAuthorization,
  formatTokens,
  type HeaderTokens,
  type LeftOut,
  maxHeaderLength,
  maxTokens,
  parseAuthorization,
} from './text.ts'
export { type NewThirdParty, thirdParty, type ThirdPartyInput } from './third-party.ts'
export { openTicket, sealTicket, type SealTicketInput, type Ticket } from './ticket.ts'
export { isVerified, type VerifiedMacaroon, verify, type VerifyOptions } from './verify.ts'
export { createVocabulary, extendVocabulary, flyVocabulary, type Vocabulary } from './vocabulary.ts'
