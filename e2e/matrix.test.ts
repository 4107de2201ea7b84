// Who may do what: every route of the contract, asked with every kind of credential, against one table.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { allRoutes, type Route } from '@hallpass/client/contract'

import { ownPage } from './browser.ts'
import { expectContract, type Answer } from './http.ts'
import { appFor, requests, rowsOfRoutes, type Prepared, type Row } from './matrix-requests.ts'
import { buildWorld, columns, personOf, present, type Column, type World } from './matrix-world.ts'

// admin, member: people of the organisation. stranger: the admin of another one. The admin alone has a proven address.
// org: an org token; readonly, app, ending: attenuated from it to reading, to the one app, to an earlier end.
// deploy, sibling: deploy tokens of the app and of another app. other: an org token of another organisation.
// A service that was sent one of these hands it on, and an auth token is none of what it is sent.
// revived: a revoked token and the org token in one header. halves: two copies of the org token in one header, one for
// reading and one for all but reading; a request goes through where either allows all of it, so minting does not.
const table = `
                        admin member stranger org readonly app ending deploy sibling other revived halves
signUp                    201    201      201 201      201 201    201    201     201   201     201    201
signIn                    201    201      201 201      201 201    201    201     201   201     201    201
signOut                   204    204      204 403      403 403    403    403     403   403     403    403
showCurrentUser           200    200      200 403      403 403    403    403     403   403     403    403
changePassword            204    204      204 403      403 403    403    403     403   403     403    403
deleteCurrentUser         204    204      204 403      403 403    403    403     403   403     403    403
requestPasswordReset      202    202      202 202      202 202    202    202     202   202     202    202
resetPassword             200    200      200 200      200 200    200    200     200   200     200    200
showLoginMethods          200    200      200 200      200 200    200    200     200   200     200    200
listSessions              200    200      200 403      403 403    403    403     403   403     403    403
deleteSession             204    204      204 403      403 403    403    403     403   403     403    403
listPasskeys              200    200      200 403      403 403    403    403     403   403     403    403
beginPasskey              200    200      200 403      403 403    403    403     403   403     403    403
addPasskey                201    201      201 403      403 403    403    403     403   403     403    403
deletePasskey             204    204      204 403      403 403    403    403     403   403     403    403
beginPasskeySignIn        200    200      200 200      200 200    200    200     200   200     200    200
signInWithPasskey         201    201      201 201      201 201    201    201     201   201     201    201
createCliLogin            201    201      201 201      201 201    201    201     201   201     201    201
showCliLogin              200    200      200 403      403 403    403    403     403   403     403    403
approveCliLogin           200    200      200 403      403 403    403    403     403   403     403    403
denyCliLogin              204    204      204 403      403 403    403    403     403   403     403    403
redeemCliLogin            201    201      201 201      201 201    201    201     201   201     201    201
listOrganisations         200    200      200 200      200 200    200    200     200   200     200    200
createOrganisation        201    201      201 403      403 403    403    403     403   403     403    403
showOrganisation          200    200      403 200      200 403    200    200     200   403     200    200
updateOrganisation        200    403      403 403      403 403    403    403     403   403     403    403
deleteOrganisation        204    403      403 403      403 403    403    403     403   403     403    403
inviteMember              201    403      403 403      403 403    403    403     403   403     403    403
listInvitations           200    200      403 200      200 403    200    403     403   403     200    200
withdrawInvitation        204    403      403 403      403 403    403    403     403   403     403    403
previewInvitation         200    200      200 200      200 200    200    200     200   200     200    200
acceptInvitation          200    200      200 403      403 403    403    403     403   403     403    403
listOwnInvitations        200    200      200 403      403 403    403    403     403   403     403    403
acceptOwnInvitation       200    403      403 403      403 403    403    403     403   403     403    403
declineInvitation         204    403      403 403      403 403    403    403     403   403     403    403
changeRole                200    403      403 403      403 403    403    403     403   403     403    403
removeMember              204    403      403 403      403 403    403    403     403   403     403    403
listAuditEvents           200    200      403 200      200 403    200    403     403   403     200    200
createApp                 201    201      403 201      403 403    201    403     403   403     201    201
listApps                  200    200      403 200      200 403    200    200     200   403     200    200
showApp                   200    200      403 200      200 200    200    200     403   403     200    200
deleteApp                 202    202      403 202      403 202    202    202     403   403     202    202
listRegions               200    200      200 200      200 200    200    200     200   200     200    200
createDeployToken         200    200      403 200      403 200    200    200     403   403     200    403
createToken:org           201    201      403 201      403 403    201    403     403   403     201    403
createToken:deploy        201    201      403 201      403 201    201    201     403   403     201    403
createToken:litefs        201    201      403 201      403 403    201    403     403   403     201    403
listOrganisationTokens    200    200      403 200      200 403    200    200     200   403     200    200
listAppTokens             200    200      403 200      200 200    200    200     403   403     200    200
showCurrentTokens         200    200      200 200      200 200    200    200     200   200     200    200
showToken:org             200    200      403 200      200 403    200    200     200   403     200    200
showToken:deploy          200    200      403 200      200 200    200    200     403   403     200    200
showTokenHistory:org      200    200      403 200      200 403    200    403     403   403     200    200
showTokenHistory:deploy   200    200      403 200      200 403    200    403     403   403     200    200
revokeToken:org           200    200      403 200      403 403    200    403     403   403     200    200
revokeTokenText:org       200    200      403 200      403 403    200    403     403   403     200    200
revokeToken:deploy        200    200      403 200      403 200    200    200     403   403     200    200
revokeTokenText:deploy    200    200      403 200      403 200    200    200     403   403     200    200
authenticateTokens        401    401      401 200      200 200    200    200     200   200     200    200
authorizeToken:org        401    401      401 200      200 403    200    200     200   403     200    200
authorizeToken:app        401    401      401 200      403 200    200    200     403   403     200    200
showDischarge             200    200      403 403      403 403    403    403     403   403     403    403
approveDischarge          204    204      403 403      403 403    403    403     403   403     403    403
denyDischarge             204    204      403 403      403 403    403    403     403   403     403    403
webSignUp                 201    201      201 201      201 201    201    201     201   201     201    201
webSignIn                 201    201      201 201      201 201    201    201     201   201     201    201
webSignInWithPasskey      201    201      201 201      201 201    201    201     201   201     201    201
webSignOut                204    204      204 204      204 204    204    204     204   204     204    204
`

const expected = readTable(table)

let built: World | undefined
beforeAll(async () => {
  built = await buildWorld()
})
afterAll(() => built?.authority.close())

function theWorld(): World {
  if (built === undefined) throw new Error('the world has not been built')
  return built
}

test('the table has a row for everything that can be asked', () => {
  expect(Object.keys(rowsOfRoutes).sort()).toEqual(Object.keys(allRoutes).sort())
  expect([...expected.keys()].sort()).toEqual(Object.values(rowsOfRoutes).flat().sort())
})

describe.each(Object.entries(rowsOfRoutes) as [keyof typeof allRoutes, readonly Row[]][])('%s', (name, rows) => {
  const route: Route = allRoutes[name]

  test.each(rows)('%s is for those whom the table names', async (row) => {
    const world = theWorld()
    const wanted = expected.get(row)
    const got: Partial<Record<Column, number>> = {}
    for (const column of columns) {
      const fresh = (wanted?.[column] ?? 0) < 400
      const app = await appFor(world, row, fresh)
      const prepared = await requests[row]({ world, app, fresh, person: personOf(world, column) })
      const answer = await send(world, route, prepared, prepared.token ?? (await present(world, column, app)))
      expectContract(route, answer)
      got[column] = answer.status
    }
    expect(got).toEqual(wanted)
  })

  test.each(rows)('%s is for nobody whose credential is not good', async (row) => {
    const world = theWorld()
    const { app } = world
    const got: Record<string, number> = {}
    for (const [flaw, token] of Object.entries(world.dead)) {
      const prepared = await requests[row]({ world, app, fresh: !route.authenticated, person: undefined })
      const answer = await send(world, route, prepared, token)
      expectContract(route, answer)
      got[flaw] = answer.status
    }
    const status = route.authenticated ? 401 : route.status
    expect(got).toEqual(Object.fromEntries(Object.keys(world.dead).map((flaw) => [flaw, status])))
  })
})

function send(world: World, route: Route, prepared: Prepared, token: string | undefined): Promise<Answer> {
  const { params = {}, query, body } = prepared
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`
  // A service hands on what it was sent, and presents nothing itself.
  if (route.credentialInBody === true) {
    return world.authority.ask(route.method, path + search, { body: { ...(body as object), header: token ?? '' } })
  }
  // What only a browser asks, its own page asks.
  const headers = path.startsWith('/web/') ? ownPage : {}
  return world.authority.ask(route.method, path + search, { token, body, headers })
}

function readTable(text: string): ReadonlyMap<string, Readonly<Record<Column, number>>> {
  const [head = '', ...lines] = text.trim().split('\n')
  expect(head.trim().split(/\s+/)).toEqual(columns)
  return new Map(
    lines.map((line) => {
      const [row = '', ...statuses] = line.trim().split(/\s+/)
      expect(statuses).toHaveLength(columns.length)
      return [
        row,
        Object.fromEntries(columns.map((column, at) => [column, Number(statuses[at])])) as Record<Column, number>,
      ]
    }),
  )
}
