import { describe, expect, it } from 'vitest'

import { appRoutes } from './contract/apps.ts'
import { holdsSecret, holdsWholeSecret, withoutSecrets } from './secret-text.ts'

const token = 'fm2_lJPEEGFiY2RlZmdoaWprbG1ub3DEEHh4eHh4eHh4eHh4eHh4eHjC/+='
const code = 'abcdefgh-jkmnpqrs-tuvwxyz2-3456789a'

describe('a secret in a text', () => {
  it.each([
    token,
    `FlyV1 ${token}`,
    `my-app${token}`,
    encodeURIComponent(token),
    encodeURIComponent(encodeURIComponent(`FlyV1 ${token}`)),
    token.replace('_', '%5F'),
    token.replace('_', '%255f'),
    'fo1_abcdefghijklmnopqrstuvwxyz',
    'fm1r_abcdefghijklmnop',
    code,
    code.toUpperCase(),
    `x/${code}?`,
    token.replace('fm2_', ''),
    token.replace('fm', ''),
    encodeURIComponent(token.replace('fm2_', '')),
    'zkqFnMl1S4GkdTfKynXaKcNRqSE73Eeg6zheu0PaIw',
    `${token}\nlJPEE/tuvwAAAAAAAAAAAAAAAAA\nlJPEE`,
    `${token.slice(0, 14)} lJPEE1${token.slice(10)}`,
  ])('%s is seen, and nothing is left of it', (text) => {
    expect(holdsSecret(text)).toBe(true)
    for (const shown of [withoutSecrets(text), withoutSecrets(`there is no app "${text}", did you mean ${text}?`)]) {
      expect(shown).toContain('[secret]')
      expect(shown).not.toMatch(/lJPEE|abcdefgh|tuvw|dTfKyn/i)
    }
  })

  it.each([
    'web-1',
    'fm2',
    'fo1_',
    'a@example.com',
    '4b1e2b6c-6c1f-5a4e-9d3b-0a1b2c3d4e5f',
    'staging-eu-west-production-blue',
    '/tmp/hallpass-a-long-name-of-a-test-aB3dEf/data/hallpass.db',
    '/Users/Ada/Library/Application-Support/Hallpass2/hallpass.db',
    'Zoom-Video-Communications-Production-EU-1-And-More',
    '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  ])('%s is none', (text) => {
    expect(holdsSecret(text)).toBe(false)
    expect(withoutSecrets(text)).toBe(text)
  })
})

describe('a whole secret', () => {
  const bare = 'qvWIbQSik-29yzCJ2hCdQzK0UP7I1PbN7MQnXgURTU4'
  it.each([
    token,
    `ci ${token}`,
    `fo1_${'aB3-'.repeat(11)}`,
    bare,
    `ci ${bare}`,
    code,
    code.toUpperCase(),
    `code:${code}`,
  ])('%s is seen in a name', (text) => expect(holdsWholeSecret(text)).toBe(true))

  it.each([
    'fm2_tokens for ci',
    'fo1_deploy-bot',
    'Zoom-Video-Communications-Production-EU-1-And-More',
    'staging-of-the-frankfurt-and-amsterdam-clusters-2026',
    '0123456789abcdef0123456789abcdef0123456789abcdef',
    'security-platform-database-internal',
    'deadbeef-cafe2017-0badc0de-12345678',
    '4b1e2b6c-6c1f-5a4e-9d3b-0a1b2c3d4e5f',
    '/srv/backups/ProductionAuthority2026/FrankfurtAndAmsterdam/hallpass',
  ])('%s is a name', (text) => expect(holdsWholeSecret(text)).toBe(false))

  it('may be an idempotency key', () => {
    const body = { name: 'web', org_slug: 'acme', idempotency_key: bare }
    expect(appRoutes.createApp.body.parse(body)).toEqual(body)
    expect(appRoutes.createApp.body.safeParse({ ...body, name: code }).success).toBe(false)
  })
})
