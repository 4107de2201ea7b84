// Tokens that ask whether the person in whose name they were made is still a member: the authority is their third party.
import { randomBytes } from 'node:crypto'

import {
  actions,
  attenuate,
  decodeMacaroon,
  dischargeTicket,
  formatAuthorization,
  parseAuthorization,
  thirdParty,
  ticketsOf,
  tokenId,
  type Macaroon,
} from '@hallpass/macaroon'
import { routes } from '@hallpass/client/contract'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'

import { startAuthority } from './authority.ts'
import { discharge, refusalOf, takeTicket, thirdPartyPath, ticketOf } from './discharges.ts'
import { expectAnswer, expectRefusal } from './http.ts'
import { narrow, readMacaroon } from './macaroons.ts'
import {
  createApp,
  createOrganisation,
  mint,
  requireMembership,
  revoke,
  signInFounder,
  signUpInto,
  statusOf,
} from './people.ts'
import { prepareAuthority } from './prepare.ts'

const { authority, ask, admin } = prepareAuthority()
let slug: string
beforeAll(async () => {
  slug = await demandingOrganisation('member')
})

async function demandingOrganisation(demand: 'member' | 'login'): Promise<string> {
  const organisation = await createOrganisation(ask, admin.token)
  await requireMembership(ask, admin.token, organisation.slug, demand)
  return organisation.slug
}

const offer = (ticket: string) => ask('POST', thirdPartyPath, { body: { ticket } })

describe('an organisation that demands membership', () => {
  test('says so, and its tokens are worth nothing without a discharge', async () => {
    const shown = await ask('GET', `/v1/orgs/${slug}`, { token: admin.token })
    expect(shown.body).toMatchObject({ require_membership_discharge: 'member' })
    const { token } = await mint(ask, admin.token, slug)
    const { location } = ticketOf(token)
    expect(location).toBe(`${authority.url()}/aaa/v1`)
    const refused = expectRefusal(await ask('GET', '/v1/orgs', { token }), 401)
    expect(refused.message).toContain(`asks for a discharge from "${location}", and none came with it`)
    expect(await statusOf(ask, await discharge(ask, token))).toBe(200)
  })

  test('asks nothing of the tokens that were minted before', async () => {
    const { slug: other } = await createOrganisation(ask, admin.token)
    const { token } = await mint(ask, admin.token, other)
    await requireMembership(ask, admin.token, other, 'member')
    expect(await statusOf(ask, token)).toBe(200)
  })

  test('asks no more of the tokens that are minted after it has changed its mind, and still of those before', async () => {
    const other = await demandingOrganisation('member')
    const { token } = await mint(ask, admin.token, other)
    await requireMembership(ask, admin.token, other, 'none')
    expect(readMacaroon((await mint(ask, admin.token, other)).token).unsafeCaveats.at(-1)?.type).not.toBe('3P')
    expect(await statusOf(ask, token)).toBe(401)
    expect(await statusOf(ask, await discharge(ask, token))).toBe(200)
  })

  test('makes its deploy tokens ask too, for every way to mint them', async () => {
    const app = await createApp(ask, admin.token, slug)
    const body = { expiry: '1h' }
    const answer = await ask('POST', `/v1/apps/${app.name}/deploy_token`, { token: admin.token, body })
    const { token } = answer.body as { token: string }
    const show = (credential: string) => ask('GET', `/v1/apps/${app.name}`, { token: credential })
    expect((await show(token)).status).toBe(401)
    expect((await show(await discharge(ask, token))).status).toBe(200)
  })
})

describe('a discharge', () => {
  test('holds for all that was attenuated, and for ten minutes', async () => {
    const { token } = await mint(ask, admin.token, slug)
    const header = await discharge(ask, narrow(token, { type: 'Action', mask: actions.read }))
    expect(await statusOf(ask, header)).toBe(200)
    const macaroon = decodeMacaroon(parseAuthorization(header).macaroons[1] ?? new Uint8Array())
    const [window, ...more] = macaroon.unsafeCaveats
    expect(more).toEqual([])
    if (window?.type !== 'ValidityWindow') throw new Error('the discharge does not end')
    // From a minute back, for clocks differ.
    expect(window.notAfter - window.notBefore).toBe(660n)
    expect(Math.abs(Number(window.notAfter) - Date.now() / 1000 - 600)).toBeLessThan(30)
    expect(macaroon.nonce.proof).toBe(true)
  })

  test('answers one token, and no other', async () => {
    const [one, other] = [await mint(ask, admin.token, slug), await mint(ask, admin.token, slug)]
    const [, given] = (await discharge(ask, one.token)).split(',')
    expect(await statusOf(ask, `${other.token},${given}`)).toBe(401)
  })

  test('is taken at the root of the server too', async () => {
    const { token } = await mint(ask, admin.token, slug)
    expect((await offer(ticketOf(token).ticket)).status).toBe(201)
  })

  test('is not given for a token that is revoked, nor for one whose app or organisation is gone', async () => {
    const revoked = await mint(ask, admin.token, slug)
    await revoke(ask, admin.token, revoked.id)
    expect(refusalOf(await takeTicket(ask, revoked.token), 403)).toMatch(/^token \S+ is revoked since /)

    const app = await createApp(ask, admin.token, slug)
    const orphan = await mint(ask, admin.token, slug, { profile: 'deploy', app: app.name })
    await ask('DELETE', `/v1/apps/${app.name}`, { token: admin.token })
    expect(refusalOf(await takeTicket(ask, orphan.token), 403)).toMatch(/^token \S+ is revoked since /)

    const doomed = await demandingOrganisation('member')
    const { token } = await mint(ask, admin.token, doomed)
    await ask('DELETE', `/v1/orgs/${doomed}`, { token: admin.token })
    expect(refusalOf(await takeTicket(ask, token), 403)).toContain('is not known here')
  })

  test('is not given once the person has left, even if others are members', async () => {
    const member = await signUpInto(ask, admin.token, slug)
    const { token } = await mint(ask, member.token, slug)
    expect((await takeTicket(ask, token)).status).toBe(201)
    await ask('DELETE', `/v1/orgs/${slug}/members/${member.email}`, { token: admin.token })
    expect(refusalOf(await takeTicket(ask, token), 403)).toContain(
      `the person in whose name token ${idOf(token)} was made is no longer a member of organization ${slug}`,
    )
    const events = await ask('GET', `/v1/orgs/${slug}/audit?limit=5`, { token: admin.token })
    expect(events.body).toMatchObject({
      events: [
        {
          operation: 'token.discharge',
          outcome: 'denied',
          actor: { kind: 'token', id: idOf(token) },
          target: `discharge of token ${idOf(token)}`,
          reason: expect.stringContaining('no longer a member'),
        },
        { operation: 'membership.remove' },
        { operation: 'token.discharge', outcome: 'allowed' },
        { operation: 'token.mint' },
        {},
      ],
    })
  })

  test('a person who has left cannot fill a trail with many tokens, nor with their names', async () => {
    const own = await demandingOrganisation('member')
    const member = await signUpInto(ask, admin.token, own)
    const shout = 'COME TO EVIL EXAMPLE'
    const tokens: string[] = []
    for (let made = 0; made < 4; made += 1) tokens.push((await mint(ask, member.token, own, { name: shout })).token)
    await ask('DELETE', `/v1/orgs/${own}/members/${member.email}`, { token: admin.token })
    for (let round = 0; round < 20; round += 1) for (const token of tokens) await takeTicket(ask, token)

    const events = await ask('GET', `/v1/orgs/${own}/audit?limit=1000`, { token: admin.token })
    const { events: all } = expectAnswer(routes.listAuditEvents, events)
    const denials = all.filter(({ outcome }) => outcome === 'denied')
    expect(denials.length).toBeGreaterThanOrEqual(30)
    expect(denials.length).toBeLessThan(40)
    expect(JSON.stringify(denials)).not.toContain(shout)
    expect(JSON.stringify(denials)).not.toContain(member.email)
  })
})

const idOf = (token: string) => tokenId(readMacaroon(token).nonce)

describe('a ticket', () => {
  test('that is not ours is answered by nobody, and leaves no trace', async () => {
    const { token } = await mint(ask, admin.token, slug)
    const foreign = attenuate(readMacaroon(token), [
      thirdParty({ key: randomBytes(32), location: 'https://third.example', random: randomBytes }),
    ])
    const before = countEvents()
    const refusal = refusalOf(await offer(base64(ticketFor(foreign, 'https://third.example'))), 422)
    expect(refusal).toBe('this ticket was not made here, or is damaged')
    expect(countEvents()).toEqual(before)
  })

  test('is not answered in any other shape than it was made in', async () => {
    const bytes = Buffer.from(ticketOf((await mint(ask, admin.token, slug)).token).ticket, 'base64')
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(bytes)
        damaged[at] = (damaged[at] ?? 0) ^ change
        expect((await offer(damaged.toString('base64'))).status).toBe(422)
      }),
      { numRuns: 60 },
    )
    for (const length of [1, 12, 28, bytes.length - 1]) {
      expect((await offer(bytes.subarray(0, length).toString('base64'))).status).toBe(422)
    }
    expect((await offer(Buffer.concat([bytes, Buffer.of(0)]).toString('base64'))).status).toBe(422)
    expect((await offer(bytes.toString('base64url'))).status).toBe(422)
    expect((await offer(randomBytes(1025).toString('base64'))).status).toBe(422)
  })

  test.each([
    ['nothing', undefined],
    ['no object', []],
    ['no ticket', {}],
    ['an empty one', { ticket: '' }],
    ['a number', { ticket: 7 }],
    ['far too much', { ticket: 'A'.repeat(3000) }],
  ])('is asked for where there is %s', async (_, body) => {
    const answer = await ask('POST', thirdPartyPath, { body })
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ error: expect.any(String) })
  })

  test('of another authority is nothing here', async () => {
    const elsewhere = await startAuthority()
    try {
      const owner = (await signInFounder(elsewhere.ask)).token
      const { slug: other } = await createOrganisation(elsewhere.ask, owner)
      await requireMembership(elsewhere.ask, owner, other, 'member')
      expect((await offer(ticketOf((await mint(elsewhere.ask, owner, other)).token).ticket)).status).toBe(422)
    } finally {
      await elsewhere.close()
    }
  })
})

function ticketFor(macaroon: Macaroon, location: string): Uint8Array {
  const [ticket] = ticketsOf(macaroon).get(location) ?? []
  if (ticket === undefined) throw new Error(`nothing is asked of ${location}`)
  return ticket
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

function countEvents(): unknown {
  return authority.inspect((database) => database.prepare('select count(*) as n from audit_events').get())
}

describe('a token that asks, and mints', () => {
  const tryToMint = (token: string) => ask('POST', `/v1/orgs/${slug}/tokens`, { token, body: {} })

  test('passes its question on, for the same person', async () => {
    const member = await signUpInto(ask, admin.token, slug)
    const parent = await mint(ask, member.token, slug)
    const child = await mint(ask, await discharge(ask, parent.token), slug)
    expect(child).toMatchObject({ minted_by: parent.id, created_by: member.email })
    expect(ticketOf(child.token)).not.toEqual(ticketOf(parent.token))
    // The answer of today ends in ten minutes, and the child does not.
    expect(child.expires_at).toBe(parent.expires_at)
    expect(await statusOf(ask, child.token)).toBe(401)
    const [, given] = (await discharge(ask, parent.token)).split(',')
    expect(await statusOf(ask, `${child.token},${given}`)).toBe(401)
    expect(await statusOf(ask, await discharge(ask, child.token))).toBe(200)
    await ask('DELETE', `/v1/orgs/${slug}/members/${member.email}`, { token: admin.token })
    expect((await takeTicket(ask, child.token)).status).toBe(403)
  })

  test('hands it on where the organisation has ceased to ask, and the stricter one where it asks more', async () => {
    const other = await demandingOrganisation('member')
    const parent = await mint(ask, admin.token, other)
    await requireMembership(ask, admin.token, other, 'none')
    const child = await mint(ask, await discharge(ask, parent.token), other)
    expect((await takeTicket(ask, child.token)).body).toMatchObject({ discharge: expect.any(String) })
    await requireMembership(ask, admin.token, other, 'login')
    const grandchild = await mint(ask, await discharge(ask, child.token), other)
    expect((await takeTicket(ask, grandchild.token)).body).toMatchObject({ user_interactive: expect.any(Object) })
  })

  test('hands on what its holder has added as well', async () => {
    const { token } = await mint(ask, admin.token, slug)
    const ending = BigInt(Math.floor(Date.now() / 1000) + 3600)
    const narrowed = narrow(token, { type: 'ValidityWindow', notBefore: 0n, notAfter: ending })
    const child = await mint(ask, await discharge(ask, narrowed), slug)
    expect(Date.parse(child.expires_at)).toBe(Number(ending) * 1000)
  })

  test('mints nothing if it also asks another third party, at any location', async () => {
    const { token } = await mint(ask, admin.token, slug)
    const { location } = ticketOf(token)
    const key = randomBytes(32)
    for (const at of ['https://third.example', `${location}/`]) {
      const demanding = attenuate(readMacaroon(token), [thirdParty({ key, location: at, random: randomBytes })])
      const ticket = ticketFor(demanding, at)
      const answer = dischargeTicket({ key, ticket, location: at, rnd: randomBytes(16) })
      const [, own = ''] = (await discharge(ask, token)).split(',')
      const header = `${formatAuthorization([demanding.bytes, answer.bytes])},${own}`
      expect(await statusOf(ask, header)).toBe(200)
      expect(expectRefusal(await tryToMint(header), 403).message).toContain('third party')
    }
  })
})
