// What looking at a header may cost: state before signatures, one budget for all of its tokens, bounded memory.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { promisify } from 'node:util'

import {
  attenuate,
  dischargeTicket,
  formatAuthorization,
  mintMacaroon,
  thirdParty,
  ticketsOf,
  type Caveat,
} from '@hallpass/macaroon'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import { caller, location, openAuthority, orgToken, type OpenAuthority } from './open-authority.ts'
import type { ReadTransaction } from '../packages/authority/src/domain/store.ts'
import { openSession } from '../packages/authority/src/operations/accounts/sign-in.ts'
import { signOut } from '../packages/authority/src/operations/accounts/sign-out.ts'
import { createAuthenticate, type Authenticate } from '../packages/authority/src/operations/perform/authenticate.ts'
import { perform } from '../packages/authority/src/operations/perform/perform.ts'
import { mintToken } from '../packages/authority/src/operations/tokens/mint-token.ts'
import { revokeToken } from '../packages/authority/src/operations/tokens/revoke-token.ts'
import { showCurrentTokens } from '../packages/authority/src/operations/tokens/show-current-tokens.ts'
import { showPrincipal } from '../packages/authority/src/operations/tokens/show-principal.ts'
import { createDirectory } from './authority.ts'
import { bundle, endingAt, forge, readMacaroon, readonlyOf } from './macaroons.ts'

let directory: string
let authority: OpenAuthority
let authenticate: Authenticate
/** The same over a store that is said to be a server of its own. */
let authenticateFromAfar: Authenticate
/** Milliseconds. */
let clock = 0
/** How often a signature was checked. */
let checked = 0
/** How often a signing key was looked up. */
let keysAsked = 0
/** How often the store was asked. */
let reads = 0
function withKeysCounted(tx: ReadTransaction): ReadTransaction {
  const byKid: typeof tx.signingKeys.byKid = (kid) => {
    keysAsked += 1
    return tx.signingKeys.byKid(kid)
  }
  const signingKeys: unknown = Object.create(tx.signingKeys, { byKid: { value: byKid } })
  return Object.create(tx, { signingKeys: { value: signingKeys } }) as ReadTransaction
}
beforeAll(async () => {
  directory = await createDirectory()
  authority = await openAuthority(directory)
  const { keyring, store } = authority.environment
  const counting: typeof keyring = {
    ...keyring,
    verify(...rest) {
      checked += 1
      return keyring.verify(...rest)
    },
  }
  const observed: Pick<typeof store, 'read' | 'isRemote'> = {
    isRemote: false,
    read(work, options) {
      reads += 1
      return store.read((tx) => work(withKeysCounted(tx)), options)
    },
  }
  const shared = { keyring: counting, location, now: Date.now, clock: () => clock }
  authenticate = createAuthenticate({ ...shared, store: observed })
  authenticateFromAfar = createAuthenticate({ ...shared, store: { ...observed, isRemote: true } })
})
afterAll(async () => {
  await authority.close()
  await rm(directory, { recursive: true, force: true })
})

async function mint(): Promise<{ readonly id: string; readonly token: string }> {
  const { record, token } = await authority.ask(authority.userHeader, mintToken, orgToken)
  return { id: record.id, token: token.reveal() }
}

const revoke = (id: string) => authority.ask(authority.userHeader, revokeToken, { id, descendants: 'keep' })

/** How many signatures looking at the header, from this address, has checked, and why it was refused. */
async function cost(header: string, from?: string): Promise<readonly [number, string]> {
  const before = checked
  const client =
    from === undefined
      ? undefined
      : { address: () => from, network: () => from, userAgent: () => '', hasLeft: () => false }
  const refusal = await refusalOf(authenticate(header, client))
  return [checked - before, refusal]
}

function refusalOf(presented: ReturnType<Authenticate>): Promise<string> {
  return Promise.resolve(presented).then(
    () => '',
    (error: Error) => error.message,
  )
}

test('a token may be the password of Basic, as CI tools send it, and nothing else of it counts', async () => {
  const { id, token } = await mint()
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`
  const auth = authority.userHeader.replace(/^\w+ /, '')
  for (const pair of [`x:${token}`, `:${token}`, `oauth2:${token.replace('FlyV1 ', '')}`, `a b:${token},${auth}`]) {
    for (const header of [
      basic(pair),
      basic(pair).toLowerCase().slice(0, 6) + basic(pair).slice(6),
      ` ${basic(pair)} `,
    ]) {
      const { tokens } = await authenticate(header)
      expect(tokens.map((each) => each.id)).toEqual([id])
    }
  }
  expect((await authenticate(basic(`x:${auth}`))).authTokenHashes).toHaveLength(1)
  for (const pair of [token, `${token}:`, `${token}:x`, ':', '', `x:${basic(`x:${token}`)}`]) {
    await expect(authenticate(basic(pair))).rejects.toMatchObject({ code: 'unauthenticated' })
  }
  await expect(authenticate(basic(`${token}:`))).rejects.toThrow('Basic has no token as its password')
})

test('of several answers to one question the one that holds is taken, in any order', async () => {
  const good = readMacaroon((await mint()).token)
  const key = randomBytes(32)
  const asking = attenuate(good, [thirdParty({ key, location: 'third', random: randomBytes })])
  const [ticket = new Uint8Array(0)] = ticketsOf(asking).get('third') ?? []
  const now = BigInt(Math.floor(Date.now() / 1000))
  const answer = (notAfter: bigint) => {
    const caveats: Caveat[] = [{ type: 'ValidityWindow', notBefore: 0n, notAfter }]
    return dischargeTicket({ key, ticket, location: 'third', rnd: randomBytes(16), caveats }).bytes
  }
  const [ended, fresh] = [answer(now - 60n), answer(now + 600n)]
  for (const answers of [
    [ended, fresh],
    [fresh, ended],
    [ended, ended, fresh, ended],
  ]) {
    const header = formatAuthorization([asking.bytes, ...answers])
    expect(await authority.ask(header, showCurrentTokens, undefined)).toMatchObject([{}])
  }
  await expect(authority.ask(formatAuthorization([asking.bytes, ended]), showCurrentTokens, undefined)).rejects.toThrow(
    'needs a new discharge',
  )
})

test('a token that was found genuine is worth nothing once its key is gone', async () => {
  const { token } = await mint()
  const ask = () => authority.ask(token, showCurrentTokens, undefined).then(() => 'allowed', String)
  expect(await ask()).toBe('allowed')
  const database = new DatabaseSync(join(directory, 'hallpass.db'))
  const { kid } = readMacaroon(token).nonce
  const rename = (from: Uint8Array, to: Uint8Array) =>
    expect(database.prepare('update signing_keys set kid = ? where kid = ?').run(to, from).changes).toBe(1)
  const gone = randomBytes(16)
  rename(kid, gone)
  // What another program writes is seen within a second.
  await expect.poll(ask).toContain('is not known here')
  rename(gone, kid)
  await expect.poll(ask).toBe('allowed')
  database.close()
})

test('nothing is verified of a token that is revoked, unknown, or of an unknown key', async () => {
  const { id, token } = await mint()
  await revoke(id)
  expect(await cost(token)).toEqual([0, expect.stringContaining(`token ${id} is revoked since`)])
  expect(await cost(readonlyOf(token))).toEqual([0, expect.stringContaining('is revoked since')])
  const other = (await mint()).token
  expect(await cost(forge(other, { rnd: randomBytes(16) }))).toEqual([0, expect.stringContaining('is not known here')])
  expect(await cost(forge(other, { kid: randomBytes(16) }))).toEqual([0, expect.stringContaining('a key that is not')])
  expect(await cost(forge(other))).toEqual([1, expect.stringContaining('is not genuine')])
})

test('a signing key is looked up once, and each of its tokens every time', async () => {
  const { id, token } = await mint()
  expect(await cost(token)).toEqual([1, ''])
  const before = keysAsked
  for (let time = 0; time < 3; time++) await cost(forge(token, { rnd: randomBytes(16) }))
  expect(await cost(readonlyOf(token))).toEqual([1, ''])
  await revoke(id)
  expect(await cost(endingAt(token, 4e9))).toEqual([0, expect.stringContaining('is revoked since')])
  expect(keysAsked).toBe(before)
  await cost(forge(token, { kid: randomBytes(16) }))
  expect(keysAsked).toBe(before + 1)
})

test('a store that is a server of its own is asked once for a revoked token, and not for a forged one whose key is known', async () => {
  const [{ token }, { id, token: dead }] = [await mint(), await mint()]
  const ask = async (header: string) => {
    const before = reads
    const refusal = await refusalOf(authenticateFromAfar(header))
    return [reads - before, refusal] as const
  }
  expect(await ask(forge(token))).toEqual([1, expect.stringContaining('is not genuine')])
  for (const forged of [forge(token), forge(token, { rnd: randomBytes(16) }), forge(readonlyOf(token))])
    expect(await ask(forged)).toEqual([0, expect.stringContaining('is not genuine')])
  expect(await ask(token)).toEqual([1, ''])
  expect(await ask(readonlyOf(token))).toEqual([1, ''])
  await revoke(id)
  expect(await ask(dead)).toEqual([1, expect.stringContaining('is revoked since')])
  for (const again of [dead, readonlyOf(dead)])
    expect(await ask(again)).toEqual([0, expect.stringContaining('is revoked since')])
  expect(await ask(forge(dead))).toEqual([0, expect.stringContaining('is not genuine')])
  expect(await ask(bundle(dead, token))).toEqual([1, ''])
  expect(await ask(forge(token, { kid: randomBytes(16) }))).toEqual([1, expect.stringContaining('a key that is not')])
  expect(await ask(bundle(forge(token), token))).toEqual([1, ''])
  const demand = thirdParty({ key: randomBytes(32), location: 'third', random: randomBytes })
  const asking = formatAuthorization([attenuate(readMacaroon(token), [demand]).bytes])
  expect(await ask(asking)).toEqual([1, await refusalOf(authenticate(asking))])
  const long = attenuate(
    readMacaroon(token),
    Array.from({ length: 250 }, (_, at) => ({
      type: 'Commands',
      commands: [{ args: ['x'.repeat(40) + at], exact: true }],
    })),
  )
  expect(await ask(forge(formatAuthorization([long.bytes])))).toEqual([1, expect.stringContaining('is not genuine')])
})

test('a dead or forged token that comes again and again is looked up once', async () => {
  const [dead, forged] = [await mint(), await mint()]
  await revoke(dead.id)
  const [one, many] = [vi.spyOn(StatementSync.prototype, 'get'), vi.spyOn(StatementSync.prototype, 'all')]
  const queriesFor = async (header: string) => {
    // The next read has a snapshot of its own.
    await authority.environment.store.write((tx) => tx.settings.set('a test', ''))
    const before = one.mock.calls.length + many.mock.calls.length
    await cost(header)
    return one.mock.calls.length + many.mock.calls.length - before
  }
  for (const header of [dead.token, forge(forged.token)]) {
    const first = await queriesFor(header)
    const again = await queriesFor(header)
    expect(again).toBeLessThan(first)
    expect(await queriesFor(header)).toBe(again)
  }
  one.mockRestore()
  many.mockRestore()
})

test('of tokens that are unknown or dead nothing is read but the beginning', async () => {
  const { token } = await mint()
  const { bytes } = readMacaroon(token)
  const damaged = formatAuthorization([bytes.slice(0, -1)])
  expect(await cost(damaged)).toEqual([0, expect.stringContaining('this token is damaged: The macaroon is truncated')])
  const unknown = readMacaroon(forge(token, { kid: randomBytes(16) })).bytes.slice(0, -1)
  expect(await cost(formatAuthorization([unknown]))).toEqual([0, expect.stringContaining('a key that is not known')])
  // A discharge of a token that does not live is looked at no further either.
  const discharge = mintMacaroon({
    kid: randomBytes(16),
    rnd: randomBytes(16),
    location: 'elsewhere',
    key: randomBytes(32),
    caveats: [{ type: 'IsMember' }],
  }).bytes.slice(0, -1)
  expect(await cost(formatAuthorization([discharge, unknown]))).toEqual([0, expect.stringContaining('a key that is')])
  const { refusals } = await authenticate(formatAuthorization([bytes, discharge]))
  expect(refusals).toEqual([expect.stringContaining('this token is damaged: The macaroon is truncated')])
})

test('a few tokens of other authorities are left out, and many are not looked up', async () => {
  const { token } = await mint()
  const strange = (count: number) => Array.from({ length: count }, () => forge(token, { kid: randomBytes(16) }))
  expect(await cost(bundle(...strange(12), token))).toEqual([1, ''])
  expect(await cost(bundle(...strange(13), token))).toEqual([
    0,
    expect.stringContaining('more than 12 tokens of this request'),
  ])
})

test('the first token without a beginning gets its own error, and the others a short one', async () => {
  const junk = () => randomBytes(3000).fill(0, 0, 1)
  const { bytes } = readMacaroon((await mint()).token)
  const { tokens, refusals } = await authenticate(formatAuthorization([junk(), junk(), bytes, junk()]))
  expect(tokens).toHaveLength(1)
  expect(refusals).toEqual([
    'this token is damaged: Byte 0: expected an array',
    'this token is damaged',
    'this token is damaged',
  ])
})

test('the same token counts once, however often a header has it', async () => {
  const { token } = await mint()
  const other = (await mint()).token
  expect(await cost(bundle(token, other, token, token))).toEqual([2, ''])
  expect((await authenticate(bundle(token, other, token))).tokens).toHaveLength(2)
})

test('a header carries the tokens of very many organizations, and few that count for nothing', async () => {
  // As flyctl stores them: one for each organization, and the login.
  const tokens: string[] = []
  for (let i = 0; i < 150; i += 1) tokens.push((await mint()).token)
  const login = authority.userHeader.replace(/^Bearer /i, '')
  const full = `${bundle(...tokens)},${login}`
  expect(full.length).toBeLessThan(65_536)
  expect(await cost(full)).toEqual([150, ''])
  expect((await authenticate(full)).authTokenHashes).toHaveLength(1)
  const { token } = await mint()
  const dead = Array.from({ length: 33 }, () => forge(token, { rnd: randomBytes(16) }))
  expect(await cost(bundle(token, ...dead.slice(1)))).toEqual([1, ''])
  expect(await cost(bundle(token, ...dead))).toEqual([
    0,
    expect.stringMatching(/^more than 32 tokens of this request count for nothing: .* is not known here$/),
  ])
  const logins = Array.from({ length: 33 }, () => `fo1_${randomBytes(32).toString('base64url')}`)
  expect(await cost([login, ...logins].join())).toEqual([0, expect.stringContaining('more than 32 tokens')])
})

test('a site that has much verified in vain has little of it from then on, and nobody else notices', async () => {
  const tokens: string[] = []
  for (let count = 0; count < 20; count += 1) tokens.push((await mint()).token)
  const caveats = Array.from({ length: 200 }, (_, mask): Caveat => ({ type: 'Action', mask: 31 + 32 * mask }))
  const forged = bundle(
    ...tokens.map((token) => forge(formatAuthorization([attenuate(readMacaroon(token), caveats).bytes]))),
  )
  const [stranger, neighbour, other] = ['2001:db8:1:2::3', '2001:db8:1:ffff::4', '2001:db8:2::3'] as const
  const limited = expect.stringContaining('too many tokens from this network')
  let verified = 0
  for (let [asked, refusal] = [0, '']; !refusal.includes('too many tokens'); asked += 1) {
    expect(asked).toBeLessThan(10)
    const [signatures, why] = await cost(forged, stranger)
    verified += signatures
    refusal = why
  }
  // 228 steps of each.
  expect(verified).toBeLessThan(20_000 / 228 + tokens.length)
  expect(await cost(forged, neighbour)).toEqual([0, limited])
  expect(await cost(bundle(...tokens.slice(0, 3).map((token) => forge(token))), neighbour)).toEqual([
    3,
    expect.stringContaining('not genuine'),
  ])
  expect(await cost(bundle(...tokens.slice(0, 12)), neighbour)).toEqual([12, ''])
  expect(await cost(forged, other)).toEqual([20, expect.stringContaining('not genuine')])
  clock += 60_000
  expect(await cost(forged, neighbour)).toEqual([20, expect.stringContaining('not genuine')])
})

test('tokens that are dead count too, but for one of each request', async () => {
  const dead: string[] = []
  for (let count = 0; count < 32; count += 1) {
    const { id, token } = await mint()
    await revoke(id)
    dead.push(token)
  }
  const ended = expect.stringContaining('is revoked since')
  const from = '203.0.113.7'
  for (let asked = 0; asked < 100; asked += 1) {
    expect(await cost(`${dead[0]}${' '.repeat(1024)}`, from)).toEqual([0, ended])
  }
  let refusal = ''
  for (let asked = 0; asked < 60 && !refusal.includes('too many'); asked += 1)
    refusal = (await cost(bundle(...dead), from))[1]
  expect(refusal).toContain('too many tokens from this network')
  expect(await cost(bundle(...dead.slice(0, 8)), from)).toEqual([0, ended])
})

test('what was verified is remembered while it lives, and forgotten once it is found dead', async () => {
  const { id, token } = await mint()
  expect([await cost(token), await cost(token)]).toEqual([
    [1, ''],
    [0, ''],
  ])
  const presented = await authenticate(token)
  await revoke(id)
  expect(await authenticate(token)).toBe(presented)
  await expect(authority.ask(token, showCurrentTokens, undefined)).rejects.toThrow('is revoked since')
  presented.forget?.()
  expect(await cost(token)).toEqual([0, expect.stringContaining('is revoked since')])
  const ended = endingAt((await mint()).token, 1)
  expect([await cost(ended), await cost(ended)]).toEqual([
    [1, ''],
    [1, ''],
  ])
})

test('an auth token is looked up in the transaction that asks, and not before, once it was found alive', async () => {
  const { authToken } = await authority.environment.store.write((tx) =>
    openSession({ tx, environment: authority.environment, now: Date.now() }, authority.user, {
      kind: 'cli',
      label: 'laptop',
    }),
  )
  const header = `Bearer ${authToken.reveal()}`
  const presented = await authenticate(header)
  const before = reads
  expect(authenticate(header)).toBe(presented)
  expect(reads).toBe(before)
  await authority.ask(header, signOut, undefined)
  await expect(perform(authority.environment, caller, showPrincipal, presented, undefined)).rejects.toThrow(
    'this auth token is not known',
  )
  expect(await refusalOf(authenticate(header))).toContain('this auth token is not known')
})

test('all tokens of a header share one budget for the answers of third parties', async () => {
  const key = randomBytes(32)
  const good = readMacaroon((await mint()).token)
  const asking = attenuate(good, [thirdParty({ key, location: 'third', random: randomBytes })])
  const [ticket = new Uint8Array(0)] = ticketsOf(asking).get('third') ?? []
  /** The one token that asks, in as many ways, with answers of which each is tried for each of them. */
  const headerOf = (ways: number, answers: number) =>
    formatAuthorization([
      good.bytes,
      ...Array.from({ length: ways }, (_, mask) => attenuate(asking, [{ type: 'Action', mask }]).bytes),
      ...Array.from({ length: answers }, (_, answer) => {
        const caveats = Array.from({ length: 200 }, (__, n): Caveat => ({ type: 'Action', mask: 1000 * answer + n }))
        const { bytes } = dischargeTicket({ key, ticket, location: 'third', rnd: randomBytes(16), caveats })
        return bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1)
      }),
    ])
  const refusalsOf = async (ways: number, answers: number) => (await authenticate(headerOf(ways, answers))).refusals
  const tooMuch = expect.stringContaining('take too much work to verify')
  const wrong = expect.stringContaining('does not verify')
  expect(await refusalsOf(2, 20)).toEqual([wrong, wrong])
  expect(await refusalsOf(8, 20)).toEqual([wrong, wrong, wrong, wrong, tooMuch, tooMuch, tooMuch, tooMuch])
})

test('memory is bounded by the size of what is remembered', async () => {
  const place = await createDirectory()
  const program = fileURLToPath(new URL('./remember-child.ts', import.meta.url))
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=160', program, place, '1500'])
    expect(stdout.trim()).toBe('1500')
  } finally {
    await rm(place, { recursive: true, force: true })
  }
})
