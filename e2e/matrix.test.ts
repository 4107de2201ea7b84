// Who may do what: every route of the contract, asked with every kind of credential, against the one list.
import { describe, expect, test } from 'vitest'

import { allRoutes } from '@hallpass/client/contract'

import { askRest } from './door-requests.ts'
import { expectContract } from './http.ts'
import { appFor, requests, routeOf, rows, statusOf } from './matrix-requests.ts'
import { columns, personOf, prepareWorld, present, type Column } from './matrix-world.ts'

const theWorld = prepareWorld()

test('the list has everything that can be asked', () => {
  expect(new Set(rows.map(routeOf))).toEqual(new Set(Object.values(allRoutes)))
})

describe.each(rows)('%s', (row) => {
  const route = routeOf(row)
  const [may, prepare] = requests[row]

  test('is for those whom the list names', async () => {
    const world = theWorld()
    const wanted: Partial<Record<Column, number>> = {}
    const got: typeof wanted = {}
    for (const column of columns) {
      const fresh = may.includes(column)
      const person = personOf(world, column)
      const app = await appFor(world, row, fresh)
      const prepared = await prepare({ world, app, fresh, person })
      const credential = prepared.token ?? (await present(world, column, app))
      const answer = await askRest(world.authority.ask, row, prepared, credential)
      expectContract(route, answer)
      got[column] = answer.status
      // Whoever hands on what it was sent has no auth token to hand on, and nobody here is a verifier.
      const isUnknown = route.byVerifier === true || (route.credentialInBody === true && person !== undefined)
      wanted[column] = fresh ? statusOf(row) : isUnknown ? 401 : 403
    }
    expect(got).toEqual(wanted)
  })

  test('is for nobody whose credential is not good', async () => {
    const world = theWorld()
    const { app } = world
    const got: Record<string, number> = {}
    for (const [flaw, token] of Object.entries(world.dead)) {
      const prepared = await prepare({ world, app, fresh: !route.authenticated, person: undefined })
      const answer = await askRest(world.authority.ask, row, prepared, token)
      expectContract(route, answer)
      got[flaw] = answer.status
    }
    const status = route.authenticated ? 401 : route.status
    expect(got).toEqual(Object.fromEntries(Object.keys(world.dead).map((flaw) => [flaw, status])))
  })
})
