// The authority's contract: every route, with the schemas that validate it and describe it.
import * as apps from './contract/apps.ts'
import * as cliLogins from './contract/cli-logins.ts'
import * as discharges from './contract/discharges.ts'
import type { OperationName } from './contract/endpoints.ts'
import * as invitations from './contract/invitations.ts'
import * as organisations from './contract/organisations.ts'
import * as passkeys from './contract/passkeys.ts'
import * as platform from './contract/platform.ts'
import type { Route } from './contract/route.ts'
import * as tokens from './contract/tokens.ts'
import * as users from './contract/users.ts'
import * as verifying from './contract/verifying.ts'
import * as web from './contract/web.ts'

export { errorAnswer, type Route } from './contract/route.ts'
export { emailAddress, password, pathName, typedPassword } from './contract/text.ts'

/** What any client may ask. */
export const routes = {
  signUp: users.signUp,
  signIn: users.signIn,
  signOut: users.signOut,
  showCurrentUser: users.showCurrentUser,
  changePassword: users.changePassword,
  deleteCurrentUser: users.deleteCurrentUser,
  requestPasswordReset: users.requestPasswordReset,
  resetPassword: users.resetPassword,
  showLoginMethods: users.showLoginMethods,
  listSessions: users.listSessions,
  deleteSession: users.deleteSession,
  listPasskeys: passkeys.listPasskeys,
  beginPasskey: passkeys.beginPasskey,
  addPasskey: passkeys.addPasskey,
  deletePasskey: passkeys.deletePasskey,
  beginPasskeySignIn: passkeys.beginPasskeySignIn,
  signInWithPasskey: passkeys.signInWithPasskey,
  createCliLogin: cliLogins.createCliLogin,
  showCliLogin: cliLogins.showCliLogin,
  approveCliLogin: cliLogins.approveCliLogin,
  denyCliLogin: cliLogins.denyCliLogin,
  redeemCliLogin: cliLogins.redeemCliLogin,
  listOrganisations: organisations.listOrganisations,
  createOrganisation: organisations.createOrganisation,
  showOrganisation: organisations.showOrganisation,
  updateOrganisation: organisations.updateOrganisation,
  deleteOrganisation: organisations.deleteOrganisation,
  inviteMember: invitations.inviteMember,
  listInvitations: invitations.listInvitations,
  withdrawInvitation: invitations.withdrawInvitation,
  previewInvitation: invitations.previewInvitation,
  acceptInvitation: invitations.acceptInvitation,
  listOwnInvitations: invitations.listOwnInvitations,
  acceptOwnInvitation: invitations.acceptOwnInvitation,
  declineInvitation: invitations.declineInvitation,
  changeRole: organisations.changeRole,
  removeMember: organisations.removeMember,
  listAuditEvents: organisations.listAuditEvents,
  createApp: apps.createApp,
  listApps: apps.listApps,
  showApp: apps.showApp,
  deleteApp: apps.deleteApp,
  listRegions: platform.listRegions,
  createDeployToken: tokens.createDeployToken,
  createToken: tokens.createToken,
  listOrganisationTokens: tokens.listOrganisationTokens,
  listAppTokens: tokens.listAppTokens,
  showCurrentTokens: tokens.showCurrentTokens,
  showToken: tokens.showToken,
  showTokenHistory: tokens.showTokenHistory,
  revokeToken: tokens.revokeToken,
  revokeTokenText: tokens.revokeTokenText,
  authenticateTokens: verifying.authenticateTokens,
  authorizeToken: verifying.authorizeToken,
  showDischarge: discharges.showDischarge,
  approveDischarge: discharges.approveDischarge,
  denyDischarge: discharges.denyDischarge,
} as const satisfies Table<Exclude<OperationName, `web${string}`>>

/** With what only a browser asks. */
export const allRoutes = {
  ...routes,
  webSignUp: web.webSignUp,
  webSignIn: web.webSignIn,
  webSignInWithPasskey: web.webSignInWithPasskey,
  webSignOut: web.webSignOut,
} as const satisfies Table<OperationName>

type Table<Names extends OperationName> = { readonly [Name in Names]: Route & { readonly operationId: Name } }

export type RouteName = keyof typeof routes
