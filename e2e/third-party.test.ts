// A token that its holder made to depend on a third party: nothing without the discharge, and no way around it.
import { randomBytes } from 'node:crypto'

import {
  actions,
  attenuate,
  bindToParent,
  dischargeTicket,
  formatAuthorization,
  thirdParty,
  ticketsOf,
  type Caveat,
  type Macaroon,
} from '@hallpass/macaroon'
import { beforeAll, describe, expect, test } from 'vitest'

import { nowInSeconds, readMacaroon } from './macaroons.ts'
import { createApp, mint } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const location = 'https://third.example/approve'
const key = randomBytes(32)

const prepared = prepareAuthority()
const { ask, admin } = prepared
const slug = prepareOrganisation(prepared)
let demanding: Macaroon
beforeAll(async () => {
  await createApp(ask, admin.token, slug, 'web-1')
  const { token } = await mint(ask, admin.token, slug)
  demanding = attenuate(readMacaroon(token), [thirdParty({ key, location, random: randomBytes })])
})

function discharge(caveats: readonly Caveat[], under: Uint8Array = key, proof = true): Macaroon {
  const [ticket = new Uint8Array()] = ticketsOf(demanding).get(location) ?? []
  return dischargeTicket({ key: under, ticket, location, rnd: randomBytes(16), caveats, proof })
}

const show = (...macaroons: readonly Macaroon[]) =>
  ask('GET', '/v1/apps/web-1', { token: formatAuthorization(macaroons.map(({ bytes }) => bytes)) })

const endsIn = (seconds: number): Caveat => ({
  type: 'ValidityWindow',
  notBefore: 0n,
  notAfter: BigInt(nowInSeconds() + seconds),
})

describe('a token that asks a third party', () => {
  test('is refused alone, and says what it needs', async () => {
    const answer = await show(demanding)
    expect(answer.status).toBe(401)
    expect(answer.body).toMatchObject({ code: 'unauthenticated', message: expect.stringContaining('discharge') })
  })

  test.each(['before', 'behind'])('is taken with its discharge %s it', async (place) => {
    const answered = discharge([endsIn(60)])
    const answer = place === 'before' ? await show(answered, demanding) : await show(demanding, answered)
    expect(answer.status).toBe(200)
  })

  test('is held to what the discharge says too', async () => {
    expect((await show(demanding, discharge([endsIn(-60)]))).status).toBe(401)
    expect((await show(demanding, discharge([{ type: 'Action', mask: actions.write }]))).status).toBe(403)
  })

  test('takes no discharge that somebody else made, or that is bound to another token', async () => {
    expect(() => discharge([], randomBytes(32))).toThrow()
    const narrowed = attenuate(demanding, [{ type: 'Action', mask: actions.read }])
    const bound = bindToParent(discharge([], key, false), narrowed)
    expect((await show(narrowed, bound)).status).toBe(200)
    expect((await show(demanding, bound)).status).toBe(401)
  })

  test('mints nothing: what it minted would do without the third party', async () => {
    const token = formatAuthorization([demanding, discharge([endsIn(60)])].map(({ bytes }) => bytes))
    const answer = await ask('POST', `/v1/orgs/${slug}/tokens`, { token, body: {} })
    expect(answer.status).toBe(403)
    expect(answer.body).toMatchObject({ message: expect.stringContaining('third party') })
  })
})
