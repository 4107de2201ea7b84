// The authority's contract: every route, with the schemas that validate it and describe it.
import { appRoutes } from './contract/apps.ts'
import { cliLoginRoutes } from './contract/cli-logins.ts'
import { dischargeRoutes } from './contract/discharges.ts'
import type { OperationName } from './contract/endpoints.ts'
import { invitationRoutes } from './contract/invitations.ts'
import { secretRoutes } from './contract/secrets.ts'
import { machineRoutes } from './contract/machines.ts'
import { organisationRoutes } from './contract/organisations.ts'
import { passkeyRoutes } from './contract/passkeys.ts'
import { platformRoutes } from './contract/platform.ts'
import type { Route } from './contract/route.ts'
import { tokenRoutes } from './contract/tokens.ts'
import { tokenPolicyRoutes } from './contract/token-policy.ts'
import { trustRoutes } from './contract/trust.ts'
import { userRoutes } from './contract/users.ts'
import { verificationRoutes } from './contract/verifications.ts'
import { verifyingRoutes } from './contract/verifying.ts'
import { volumeRoutes } from './contract/volumes.ts'
import { webRoutes } from './contract/web.ts'

export { terminalSize } from './contract/machines.ts'
export { errorAnswer, type Route } from './contract/route.ts'
export { emailAddress, password, pathName, typedPassword } from './contract/text.ts'

/** Machines, and what belongs only to them. */
const machineApiRoutes = { ...machineRoutes, ...secretRoutes, ...volumeRoutes } as const
export type MachineRouteName = keyof typeof machineApiRoutes

/** What any client may ask. */
export const routes = {
  ...userRoutes,
  ...passkeyRoutes,
  ...cliLoginRoutes,
  ...organisationRoutes,
  ...invitationRoutes,
  ...tokenPolicyRoutes,
  ...trustRoutes,
  ...appRoutes,
  ...platformRoutes,
  ...machineApiRoutes,
  ...tokenRoutes,
  ...verifyingRoutes,
  ...verificationRoutes,
  ...dischargeRoutes,
} as const satisfies Table<Exclude<OperationName, `web${string}`>>

/** With what only a browser asks. */
export const allRoutes = { ...routes, ...webRoutes } as const satisfies Table<OperationName>

type Table<Names extends OperationName> = { readonly [Name in Names]: Route & { readonly operationId: Name } }

export type RouteName = keyof typeof routes
