// One rule book: every door allows and refuses the same credentials for an operation.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { flyctlRoutes } from '../packages/authority/src/doors/flyctl/door.ts'
import { createSchema } from '../packages/authority/src/doors/graphql/schema.ts'
import { askRest, flyctlRequests, graphqlRequests, judgeRest, type DoorRequest, type Verdict } from './door-requests.ts'
import type { Answer } from './http.ts'
import { appFor, requests, rows, statusOf, type Row } from './matrix-requests.ts'
import { columns, personOf, prepareWorld, present, type Column, type World } from './matrix-world.ts'
import { mint } from './people.ts'

const theWorld = prepareWorld()

const all = [...graphqlRequests, ...flyctlRequests]

test('everything that the doors for flyctl can be asked is asked here', () => {
  const schema = createSchema()
  const fields = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
    Object.keys(type?.getFields() ?? {}).map((field) => `${type?.name ?? ''}.${field}`),
  )
  // It is the query organization with another argument.
  const asked = new Set([...graphqlRequests.map(({ name }) => name), 'Queries.personalOrganization'])
  expect([...asked].toSorted()).toEqual(fields.toSorted())
  const guarded = flyctlRoutes.filter(({ authenticated }) => authenticated)
  expect(flyctlRequests.map(({ name }) => name).toSorted()).toEqual(
    guarded.map(({ method, url }) => `${method} ${url}`).toSorted(),
  )
})

describe.each(all.map((request) => [`${request.name} as ${request.row}`, request] as const))('%s', (_, request) => {
  test('is allowed to those to whom the contract allows it', async () => {
    const verdicts: Record<string, readonly [Verdict, Verdict]> = {}
    for (const column of columns) {
      verdicts[column] = [
        await verdictOf(column, request.row, (world, prepared, token) =>
          askRest(world.authority.ask, request.row, prepared, token),
        ),
        await verdictOf(column, request.row, request.ask, request.judge),
      ]
    }
    expect(Object.entries(verdicts).filter(([, [rest, here]]) => rest !== here)).toEqual([])
    expect(Object.values(verdicts).map(([, here]) => here)).toContain('allowed')
  })

  test('is allowed to nobody whose credential is not good', async () => {
    const world = theWorld()
    const prepared = await requests[request.row][1]({ world, app: world.app, fresh: false, person: undefined })
    for (const [flaw, token] of Object.entries(world.dead)) {
      expect(request.judge(await request.ask(world, prepared, token)), flaw).toBe(401)
    }
  })
})

async function verdictOf(
  column: Column,
  row: Row,
  ask: DoorRequest['ask'],
  judge: DoorRequest['judge'] = (answer) => (answer.status === statusOf(row) ? 'allowed' : judgeRest(answer)),
): Promise<Verdict> {
  const world = theWorld()
  const app = await appFor(world, row, true)
  const prepared = await requests[row][1]({ world, app, fresh: true, person: personOf(world, column) })
  return judge(await ask(world, prepared, prepared.token ?? (await present(world, column, app))))
}

// Any genuine credential may ask these: they are about the credential itself, and what it reaches.
const forEverybody = ['organisation.list', 'principal.show', 'region.list', 'token.authenticate', 'token.current']

test('every operation is refused to a token without the right, by each door that offers it', async () => {
  const world = theWorld()
  const refused = new Map<string, Set<string>>()
  let asked = 0
  async function refuse(door: string, row: Row, ask: DoorRequest['ask'], judge: DoorRequest['judge']): Promise<void> {
    const { ask: askAuthority } = world.authority
    const elsewhere = world.elsewhere.slug
    // The trail takes a limited number of denials of one person, and a start forgets how many there were.
    if ((asked += 1) % 20 === 0) await world.authority.restart()
    const { token } = await mint(askAuthority, world.stranger.token, elsewhere)
    const prepared = await requests[row][1]({ world, app: world.app, fresh: false, person: undefined })
    const answer = await ask(world, prepared, token)
    if (judge(answer) !== 403) return
    const operation = deniedOperation(world, answer)
    refused.set(operation, (refused.get(operation) ?? new Set()).add(door))
  }
  for (const row of rows) {
    await refuse('rest', row, ({ authority }, prepared, token) => askRest(authority.ask, row, prepared, token), judge)
  }
  for (const request of graphqlRequests) await refuse('graphql', request.row, request.ask, request.judge)
  for (const request of flyctlRequests) await refuse('flyctl', request.row, request.ask, request.judge)

  expect([...refused.keys(), ...forEverybody].toSorted()).toEqual((await namesOfOperations()).toSorted())
  const offered = (door: string) => [...refused].filter(([, doors]) => doors.has(door)).map(([name]) => name)
  expect(offered('graphql').toSorted()).toEqual([
    'app.create',
    'app.delete',
    'app.list',
    'app.show',
    'membership.invite',
    'membership.remove',
    'organisation.create',
    'organisation.delete',
    'organisation.show',
    'token.mint',
    'token.revoke',
    'user.sign_out',
  ])
  expect(offered('flyctl').toSorted()).toEqual(['app.show', 'machine.logs', 'organisation.show'])
})

/** What anybody may ask is answered, or refused for another reason. */
function judge(answer: Answer): Verdict {
  return answer.status === 403 ? 403 : 'allowed'
}

/** The operation that the audit trail says was denied in this request. */
function deniedOperation(world: World, answer: Answer): string {
  const id = answer.headers.get('fly-request-id')
  return world.authority.inspect((database) => {
    const row = database.prepare('select operation, outcome from audit_events where request_id = ?').get(id)
    expect(row, answer.text).toMatchObject({ outcome: 'denied' })
    return String(row?.['operation'])
  })
}

/** Every operation that a principal performs, by its name: what strangers ask for comes before any right. */
async function namesOfOperations(): Promise<readonly string[]> {
  const folder = join(import.meta.dirname, '../packages/authority/src/operations')
  const names = new Set<string>()
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue
    const module = (await import(join(folder, file))) as Readonly<Record<string, unknown>>
    for (const value of Object.values(module)) {
      if (typeof value !== 'object' || value === null || !('mode' in value) || !('access' in value)) continue
      if ('name' in value && typeof value.name === 'string') names.add(value.name)
    }
  }
  return [...names]
}
