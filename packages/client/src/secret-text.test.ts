import { describe, expect, it } from 'vitest'

import { holdsSecret, withoutSecrets } from './secret-text.ts'

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
  ])('%s is seen, and nothing is left of it', (text) => {
    expect(holdsSecret(text)).toBe(true)
    for (const shown of [withoutSecrets(text), withoutSecrets(`there is no app "${text}", did you mean ${text}?`)]) {
      expect(shown).toContain('[secret]')
      expect(shown).not.toMatch(/lJPEE|abcdefgh|tuvw/i)
    }
  })

  it.each([
    'web-1',
    'fm2',
    'fo1_',
    'a@example.com',
    '4b1e2b6c-6c1f-5a4e-9d3b-0a1b2c3d4e5f',
    'staging-eu-west-production-blue',
  ])('%s is none', (text) => {
    expect(holdsSecret(text)).toBe(false)
    expect(withoutSecrets(text)).toBe(text)
  })
})
