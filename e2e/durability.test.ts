// Nothing acknowledged is lost: kill -9 at any instant keeps every mint and every revocation that was answered, and
// SIGTERM lets what is under way finish.
import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, expect, inject, onTestFinished, test } from 'vitest'

import type { MintedToken } from '@hallpass/client'
import { routes } from '@hallpass/client/contract'

import { createDirectory, founder } from './authority.ts'
import { startChild, type ChildAuthority } from './child.ts'
import { createAsk, expectAnswer, isLostConnection, type Ask } from './http.ts'
import { createOrganisation, mint, signInFounder, statusOf } from './people.ts'
import { beginPost, statusesIn } from './raw-socket.ts'

const rounds = 15
const writers = 5

let directory: string
beforeAll(async () => {
  directory = await createDirectory()
})
let child: ChildAuthority | undefined
afterEach(() => child?.end('SIGKILL'))
afterAll(() => rm(directory, { recursive: true, force: true }))

/** Starts the next one on the same data. */
async function startNext(): Promise<Ask> {
  child = await startChild(directory)
  return child.ask
}

interface Acknowledged {
  readonly live: Map<string, string>
  readonly dead: Map<string, string>
  /** Asked to be revoked, and not answered: may be either. */
  readonly unknown: Set<string>
  /** Called at every answer. */
  answered: () => void
}

/** Mints, and revokes every other one, until the authority is gone; keeps what was answered. */
async function writeUntilKilled(ask: Ask, token: string, slug: string, kept: Acknowledged): Promise<void> {
  for (let count = 0; ; count += 1) {
    let minted: MintedToken
    try {
      minted = await mint(ask, token, slug)
    } catch (error) {
      return ignoreLostConnection(error)
    }
    kept.live.set(minted.id, minted.token)
    kept.answered()
    if (count % 2 === 0) continue
    kept.unknown.add(minted.id)
    try {
      expectAnswer(routes.revokeToken, await ask('DELETE', `/v1/tokens/${minted.id}`, { token }))
    } catch (error) {
      return ignoreLostConnection(error)
    }
    kept.live.delete(minted.id)
    kept.unknown.delete(minted.id)
    kept.dead.set(minted.id, minted.token)
    kept.answered()
  }
}

/** Anything else is a finding. */
function ignoreLostConnection(error: unknown): void {
  if (!isLostConnection(error)) throw error
}

test(`every acknowledged mint and revocation outlives ${rounds} kills`, async () => {
  const kept: Acknowledged = { live: new Map(), dead: new Map(), unknown: new Set(), answered: () => {} }
  let ask = await startNext()
  const { token } = await signInFounder(ask)
  const { slug } = await createOrganisation(ask, token)
  for (let round = 0; round < rounds; round += 1) {
    const current = ask
    let left = 1 + Math.floor(Math.random() * 20)
    const killed = new Promise<unknown>((resolve) => {
      kept.answered = () => {
        left -= 1
        // In the very turn in which the answer came: others are under way.
        if (left === 0) resolve(child?.end('SIGKILL'))
      }
    })
    await Promise.all(Array.from({ length: writers }, () => writeUntilKilled(current, token, slug, kept)))
    await killed
    ask = await startNext()
  }
  expect(kept.live.size).toBeGreaterThanOrEqual(rounds)
  expect(kept.dead.size).toBeGreaterThan(0)
  const lost = await filter(
    kept.live,
    async (id, minted) => !kept.unknown.has(id) && (await statusOf(ask, minted)) !== 200,
  )
  const risen = await filter(kept.dead, async (_, minted) => (await statusOf(ask, minted)) !== 401)
  expect({ lost, risen }).toEqual({ lost: [], risen: [] })
  // What was minted is listed as well, and what was revoked is not.
  const listed = await listTokens(ask, token, slug)
  expect([...kept.live.keys()].filter((id) => !kept.unknown.has(id) && !listed.has(id))).toEqual([])
  expect([...kept.dead.keys()].filter((id) => listed.has(id))).toEqual([])
}, 600_000)

async function listTokens(ask: Ask, token: string, slug: string): Promise<ReadonlySet<string>> {
  const listed = new Set<string>()
  let cursor: string | undefined
  do {
    const query = `?limit=1000${cursor === undefined ? '' : `&cursor=${cursor}`}`
    const page = expectAnswer(
      routes.listOrganisationTokens,
      await ask('GET', `/v1/orgs/${slug}/tokens${query}`, { token }),
    )
    for (const { id } of page.tokens) listed.add(id)
    cursor = page.next_cursor
  } while (cursor !== undefined)
  return listed
}

test('an answer is never followed by a kill that undoes it, with no other load to hide behind', async () => {
  let ask = await startNext()
  const { token } = await signInFounder(ask)
  const { slug } = await createOrganisation(ask, token)
  for (let round = 0; round < 2; round += 1) {
    const minted = await mint(ask, token, slug)
    await child?.end('SIGKILL')
    ask = await startNext()
    expect(await statusOf(ask, minted.token)).toBe(200)
    expectAnswer(routes.revokeToken, await ask('DELETE', `/v1/tokens/${minted.id}`, { token }))
    await child?.end('SIGKILL')
    ask = await startNext()
    expect(await statusOf(ask, minted.token)).toBe(401)
  }
})

const hallpass = inject('hallpass')

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s lets the requests that are under way finish, and ends with 0',
  async (signal) => {
    // The program that people run, because it is the one that is sent the signal.
    const served = spawn(process.execPath, [hallpass, 'serve', '--listen', '127.0.0.1:0', '--data', directory], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, HALLPASS_BOOTSTRAP_EMAIL: founder.email, HALLPASS_BOOTSTRAP_PASSWORD: founder.password },
    })
    const ended = new Promise<number | null>((resolve) => served.once('exit', resolve))
    onTestFinished(() => void served.kill('SIGKILL'))
    let said = ''
    const url = await new Promise<string>((resolve, reject) => {
      for (const stream of [served.stdout, served.stderr]) {
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          said += chunk
          const found = /listens at (http:\S+)/.exec(said)?.[1]
          if (found !== undefined) resolve(found)
        })
      }
      served.once('exit', () => reject(new Error(`it did not start: ${said}`)))
    })
    const ask = createAsk(() => url)
    const { token } = await signInFounder(ask)
    const { slug } = await createOrganisation(ask, token)
    const path = `/v1/orgs/${slug}/tokens`
    const mints = await Promise.all(Array.from({ length: 6 }, () => beginPost(url, path, token, { name: 'late' })))
    const logins = await Promise.all(Array.from({ length: 6 }, () => beginPost(url, '/v1/sessions', token, founder)))
    // Each takes tens of milliseconds, two at a time: most of them are still waiting when the signal comes.
    const loggedIn = logins.map((login) => login.finish())
    served.kill(signal)
    // By then it has heard the signal.
    const listens = () =>
      ask('GET', '/healthz').then(
        () => true,
        () => false,
      )
    await expect.poll(listens).toBe(false)
    const answers = await Promise.all([...mints.map((request) => request.finish()), ...loggedIn])
    expect(answers.map(statusesIn)).toEqual(answers.map(() => [100, 201]))
    expect(await ended, said).toBe(0)
    // A clean stop leaves the directory free, and what was answered in it.
    const next = await startNext()
    for (const answer of answers.slice(0, mints.length)) {
      const minted = /"token":"([^"]+)"/.exec(answer)?.[1] ?? ''
      expect(await statusOf(next, minted)).toBe(200)
    }
  },
)

async function filter(
  tokens: ReadonlyMap<string, string>,
  keep: (id: string, token: string) => Promise<boolean>,
): Promise<readonly string[]> {
  const found: string[] = []
  const waiting = [...tokens]
  await Promise.all(
    Array.from({ length: writers }, async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        if (await keep(...next)) found.push(next[0])
      }
    }),
  )
  return found
}
