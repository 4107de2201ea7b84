// Guards of two authorities on one PostgreSQL, of which one is killed and starts again while both are busy; and a model that knows of every
// verdict whether it may be.
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { createGuard, type Guard, type Verdict } from '@hallpass/guard'
import { actions, derivedTokenId } from '@hallpass/macaroon'

import { createVerifier } from '../packages/authority/src/main.ts'
import { reasonWithoutPostgres, startPostgres } from '../packages/authority/src/store/testing/postgres.ts'
import { createDirectory } from './authority.ts'
import { startChild, type ChildAuthority } from './child.ts'
import { startFaultyProxy } from './faulty-proxy.ts'
import { freePort } from './free-port.ts'
import { createAsk, type Ask } from './http.ts'
import { endingAt, narrow, nowInSeconds, readMacaroon } from './macaroons.ts'
import { createOrganisation, mint, revoke, signInFounder } from './people.ts'

const missing = reasonWithoutPostgres()
const count = 60
/** Milliseconds: the promise. */
const longestLife = 5000

/** What a guard is sent, and when the answer came to what ended it, in milliseconds of the monotonic clock. */
interface Tracked {
  readonly token: string
  /** The tokens that die with it. */
  readonly below: readonly Tracked[]
  end: ((ask: Ask) => Promise<unknown>) | undefined
  state: 'good' | 'dying' | 'dead'
  deadSince: number
}

describe.skipIf(missing !== undefined)(missing === undefined ? 'guards' : `guards, skipped: ${missing}`, () => {
  let ports: readonly [number, number]
  let asks: readonly [Ask, Ask]
  let start: (which: 0 | 1) => Promise<ChildAuthority>
  let first: ChildAuthority
  let guards: readonly Guard[] = []
  let world: { readonly slug: string; readonly admin: string }
  let isFirstUp = true
  const ends: (() => unknown)[] = []

  beforeAll(async () => {
    const server = await startPostgres()
    ends.push(() => server.stop())
    const rootKey = randomBytes(32).toString('base64')
    const directories = [await createDirectory(), await createDirectory()] as const
    ends.push(...directories.map((each) => () => rm(each, { recursive: true, force: true })))
    ports = [await freePort(), await freePort()]
    start = async (which) => {
      const listen = { host: '127.0.0.1', port: ports[which] }
      const child = await startChild(directories[which], {
        listen,
        databaseUrl: server.url,
        rootKey,
        logLevel: 'silent',
      })
      ends.unshift(() => child.end('SIGKILL'))
      return child
    }
    first = await start(0)
    await start(1)
    const urls = ports.map((port) => `http://127.0.0.1:${port}`) as [string, string]
    asks = [createAsk(() => urls[0]), createAsk(() => urls[1])]
    const { token: admin } = await signInFounder(asks[0])
    world = { slug: (await createOrganisation(asks[0], admin)).slug, admin }
    const place = { dataDirectory: directories[0], databaseUrl: server.url }
    const credential = (await createVerifier({ ...place, name: 'edge', now: Date.now() })).secret.reveal()
    let turn = 0
    const balancer = await startFaultyProxy(() => urls[isFirstUp ? (turn += 1) % 2 : 1] ?? '')
    ends.unshift(() => balancer.close())
    const authorities = [balancer.url, balancer.url, ...urls]
    guards = Array.from({ length: count }, (_, at) => {
      return createGuard({ authority: authorities[at % authorities.length] ?? '', credential })
    })
    ends.unshift(() => guards.forEach((guard) => guard.close()))
    await Promise.all(guards.map((guard) => guard.ready()))
  })
  afterAll(async () => {
    for (const end of ends) await end()
  })

  test('allow no token five seconds after its end was answered, whichever authority was asked to end it', async () => {
    const access = { org_slug: world.slug, action: 'r' }
    const tracked: Tracked[] = []
    const good = () => tracked.filter(({ state }) => state === 'good')
    const add = async (ask: Ask) => {
      const { id, token } = await mint(ask, world.admin, world.slug)
      const track = (of: string, below: readonly Tracked[], end: Tracked['end']): Tracked => {
        const one: Tracked = { token: of, below, end, state: 'good', deadSince: Infinity }
        tracked.push(one)
        return one
      }
      const derived = narrow(token, { type: 'Action', mask: actions.read })
      const leaf = track(endingAt(derived, nowInSeconds() + 3600), [], undefined)
      const middle = track(derived, [leaf], (by) => {
        const body = { derived: derivedTokenId(readMacaroon(derived)) }
        return expectDone(by('POST', '/v1/tokens/revoke-derived', { token: world.admin, body }))
      })
      track(token, [middle, leaf], (by) => revoke(by, world.admin, id))
    }
    for (let i = 0; i < 4; i += 1) await add(asks[i % 2 === 0 ? 0 : 1])

    const seen = { allowed: 0, refused: 0, unavailable: 0 }
    const wrong: string[] = []
    const check = (one: Tracked, wasGood: boolean, verdict: Verdict) => {
      if (verdict.allowed) {
        seen.allowed += 1
        const age = performance.now() - one.deadSince
        if (age > longestLife) wrong.push(`allowed ${age} ms after its end`)
      } else if (verdict.status === 503) seen.unavailable += 1
      else {
        seen.refused += 1
        if (wasGood && one.state === 'good') wrong.push(`refused what is good: ${verdict.message}`)
      }
    }
    const over = new AbortController()
    const look = async () => {
      while (!over.signal.aborted) {
        const guard = guards[Math.floor(Math.random() * count)]
        const one = tracked[Math.floor(Math.random() * tracked.length)]
        if (guard === undefined || one === undefined) continue
        const wasGood = one.state === 'good'
        check(one, wasGood, await guard.allow(one.token, access))
        await setTimeout(1)
      }
    }
    /** What others do meanwhile: their events come between. */
    const load = async (ask: Ask) => {
      while (!over.signal.aborted) {
        const { id } = await mint(ask, world.admin, world.slug)
        await revoke(ask, world.admin, id)
      }
    }
    let asked = 0
    const endOne = async () => {
      asked += 1
      const ask = asks[isFirstUp && asked % 2 === 0 ? 0 : 1]
      const ending = good().find(({ end }) => end !== undefined)
      if (ending?.end === undefined) return
      const all = [ending, ...ending.below].filter(({ state }) => state === 'good')
      for (const each of all) each.state = 'dying'
      await ending.end(ask)
      for (const each of all) Object.assign(each, { state: 'dead', deadSince: performance.now() })
      if (good().length < 8) await add(ask)
    }
    const working = [...Array.from({ length: 20 }, look), load(asks[1])]
    for (let i = 0; i < 8; i += 1) {
      await endOne()
      await setTimeout(100)
    }
    isFirstUp = false
    await first.end('SIGKILL')
    for (let i = 0; i < 6; i += 1) {
      await endOne()
      await setTimeout(500)
    }
    await start(0)
    isFirstUp = true
    for (let i = 0; i < 6; i += 1) {
      await endOne()
      await setTimeout(200)
    }
    await vi.waitUntil(() => guards.every((guard) => guard.state().isFresh), 60_000)
    over.abort()
    await Promise.all(working)
    expect(wrong).toEqual([])
    expect(seen.allowed).toBeGreaterThan(100)
    expect(seen.refused).toBeGreaterThan(30)
    // All know in the end, by whichever authority they follow.
    for (const one of tracked) {
      for (const guard of guards) {
        expect((await guard.allow(one.token, access)).allowed).toBe(one.state === 'good')
      }
    }
  })
})

async function expectDone(answer: ReturnType<Ask>): Promise<void> {
  expect((await answer).status).toBe(200)
}
