// Clocks that differ, and clocks that jump.
import { beforeAll, describe, expect, test } from 'vitest'

import { actions, clearCaveats, getCaveats } from '@hallpass/macaroon'

import { founder } from './authority.ts'
import { readMacaroon } from './macaroons.ts'
import { createApp, createOrganisation, mint, revoke, signIn, statusOf } from './people.ts'
import { prepareAuthority } from './prepare.ts'

const { authority, ask, admin } = prepareAuthority()
let slug: string
let organisationId: bigint
beforeAll(async () => {
  const organisation = await createOrganisation(ask, admin.token, 'Acme')
  slug = organisation.slug
  organisationId = BigInt(organisation.internal_numeric_id)
})

describe('a clock that is slower', () => {
  test('takes what was minted a moment ago elsewhere, also what a token minted', async () => {
    const app = await createApp(ask, admin.token, slug)
    const minter = await mint(ask, admin.token, slug)
    for (const { token } of [
      minter,
      await mint(ask, admin.token, slug, { profile: 'deploy', app: app.name }),
      await mint(ask, minter.token, slug),
    ]) {
      const { unsafeCaveats } = readMacaroon(token)
      for (const [late, allowed] of [
        [0, true],
        [50, true],
        [90, false],
      ] as const) {
        const now = Date.now() / 1000 - late
        const access = { action: actions.read, orgId: organisationId, appId: BigInt(app.internal_numeric_id), now }
        expect(clearCaveats(unsafeCaveats, [access]).allowed, `${late} seconds behind`).toBe(allowed)
      }
      const [window] = getCaveats(unsafeCaveats, 'ValidityWindow')
      expect(window?.notBefore).toBeGreaterThan(0n)
    }
  })
})

describe('a clock that was ahead for a while', () => {
  /** What seems to have ended while it was, seen from then: the end of each lies before the present. */
  const shift = (milliseconds: number) =>
    authority.restart((database) => {
      for (const table of ['sessions', 'tokens']) {
        database.prepare(`update ${table} set expires_at = expires_at + ?`).run(milliseconds)
      }
    })
  const ages = 50 * 365 * 86_400_000

  test('has ended no login and no token for good, and brought back none that was revoked', async () => {
    const other = (await signIn(ask, founder)).token
    const token = await mint(ask, admin.token, slug)
    const dead = await mint(ask, admin.token, slug)
    await revoke(ask, admin.token, dead.id)
    await shift(-ages)
    for (const ended of [admin.token, other, token.token, dead.token]) expect(await statusOf(ask, ended)).toBe(401)
    // Logging in clears up behind those who log in often.
    const during = (await signIn(ask, founder)).token
    expect(await statusOf(ask, during)).toBe(200)
    await shift(ages)
    for (const alive of [admin.token, other, token.token]) expect(await statusOf(ask, alive)).toBe(200)
    expect(await statusOf(ask, dead.token)).toBe(401)
  })
})
