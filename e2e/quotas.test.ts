// What the operator lets each organisation have, over HTTP and at a start.
import { describe, expect, test } from 'vitest'

import { arrive } from './hallpass.ts'
import { expectRefusal } from './http.ts'
import { createOrganisation, mint, signUpInto } from './people.ts'
import { prepareAuthority } from './prepare.ts'

const { ask, admin } = prepareAuthority({ quotas: { apps: 2, members: 2, tokens: 3 } })

describe('an organisation', () => {
  test('has so many apps, members and live tokens, and no more', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    for (const name of ['quota-1', 'quota-2']) {
      expect((await ask('POST', '/v1/apps', { token: admin.token, body: { name, org_slug: slug } })).status).toBe(201)
    }
    const third = { token: admin.token, body: { name: 'quota-3', org_slug: slug } }
    expect(expectRefusal(await ask('POST', '/v1/apps', third), 409).message).toContain('has 2 apps')

    await signUpInto(ask, admin.token, slug)
    await expect(signUpInto(ask, admin.token, slug)).rejects.toThrow(/409|members/)

    const minted = []
    for (let count = 0; count < 3; count++) minted.push(await mint(ask, admin.token, slug))
    const path = `/v1/orgs/${slug}/tokens`
    expect(expectRefusal(await ask('POST', path, { token: admin.token, body: {} }), 409).message).toContain(
      'has 3 live tokens',
    )
    // A token that the organisation has mints no more than a person does, and a revoked one makes room.
    expectRefusal(await ask('POST', path, { token: minted[0]?.token ?? '', body: {} }), 409)
    expect((await ask('DELETE', `/v1/tokens/${minted[1]?.id}`, { token: admin.token })).status).toBe(200)
    await mint(ask, admin.token, slug)
  })
})

describe('hallpass serve', () => {
  test('names the flag or the variable whose number is none', async () => {
    const place = await arrive()
    try {
      for (const [args, env, name] of [
        [['--max-apps', '0'], {}, '--max-apps'],
        [['--max-members', 'many'], {}, '--max-members'],
        [['--max-tokens', '-1'], {}, '--max-tokens'],
        [[], { HALLPASS_MAX_TOKENS: '1e9' }, 'HALLPASS_MAX_TOKENS'],
      ] as const) {
        const { code, stderr } = await place.run(['serve', ...args], { env })
        expect([code, stderr]).toEqual([2, expect.stringContaining(`${name} is a number from 1 to 1000000, or none`)])
      }
    } finally {
      await place.leave()
    }
  })
})
