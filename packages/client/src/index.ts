// The client's public face; the schemas are at `@hallpass/client/contract`.
export { createClient, type Asked, type Client, type ClientOptions } from './client.ts'
export type { App, CreatedApp } from './contract/apps.ts'
export type { CaveatJson } from './contract/caveats.ts'
export type { CliLogin, CliLoginApproval, StartedCliLogin } from './contract/cli-logins.ts'
export type { DischargeRequest } from './contract/discharges.ts'
export type { Invitation, InvitationPreview, OwnInvitation, PendingInvitation } from './contract/invitations.ts'
export type {
  AuditEvent,
  AuditEvents,
  Member,
  Organisation,
  OrganisationDetails,
  Role,
  MembershipDemand,
} from './contract/organisations.ts'
export type {
  ExecResult,
  Lease,
  LogLines,
  Machine,
  MachineEvent,
  OrganisationMachines,
  Process,
} from './contract/machine-answers.ts'
export type { Volume } from './contract/volumes.ts'
export type { MachineConfig } from './contract/machine-config.ts'
export type { Passkey, PasskeyCeremony } from './contract/passkeys.ts'
export type { Region } from './contract/platform.ts'
export type { RunLabelFields } from './contract/run-labels.ts'
export type { AppSecret } from './contract/secrets.ts'
export type {
  Block,
  CurrentTokens,
  Descendants,
  ListQuery,
  MintedToken,
  ShownToken,
  Profile,
  RevokedDerivedToken,
  RevokedToken,
  RotatedToken,
  Token,
  TokenCount,
  TokenFilterQuery,
  TokenList,
} from './contract/tokens.ts'
export type { TokenPolicy } from './contract/token-policy.ts'
export type { AddedTrustPolicy, CheckedIdentityToken, TrustPolicy } from './contract/trust.ts'
export type { CurrentUser, ListedSession, LoginMethods, SessionAnswer, User } from './contract/users.ts'
export type { AskedVerification, KnownTokenAnswer, Verification } from './contract/verifications.ts'
export type { AskedAccess, Authorization, VerifiedTokenAnswer } from './contract/verifying.ts'
export {
  DurationError,
  durationFromNanoseconds,
  formatDuration,
  longestDuration,
  parseDuration,
  parseGrace,
  parseTimeout,
} from './duration.ts'
export { ApiError, ConnectionError, apiErrorCodes, type ApiErrorCode, type ConnectionDetails } from './errors.ts'
export type { Fetch, FetchAnswer, FetchRequest } from './fetch.ts'
export { describePull } from './describe-pull.ts'
export { describeRunLabels } from './run-labels.ts'
export { loginErrorCodes, type LoginErrorCode } from './login-errors.ts'
export { expiryHeader } from './token-expiry.ts'
