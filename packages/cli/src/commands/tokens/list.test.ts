import { describe, expect, it } from 'vitest'

import { chooseScope, chooseState } from './list.ts'

describe('chooseScope', () => {
  it.each([
    [{}, 'app'],
    [{ scope: 'app' }, 'app'],
    [{ scope: 'org' }, 'org'],
    [{ org: 'acme' }, 'org'],
    [{ org: 'acme', scope: 'app' }, 'app'],
    [{ scope: 'org', app: 'web-1' }, 'app'],
    [{ scope: 'org', config: 'fly.toml' }, 'app'],
    [{ org: 'acme', app: 'web-1' }, 'app'],
  ] as const)('%j is %s', (flags, scope) => {
    expect(chooseScope(flags)).toBe(scope)
  })
})

describe('chooseState', () => {
  it.each([
    [{}, 'live'],
    [{ all: true }, 'all'],
    [{ all: true, state: 'all' }, 'all'],
    [{ state: 'revoked' }, 'revoked'],
    [{ all: false, state: 'expired' }, 'expired'],
  ] as const)('%j is %s', (flags, state) => {
    expect(chooseState(flags)).toBe(state)
  })

  it('refuses two that differ', () => {
    expect(() => chooseState({ all: true, state: 'revoked' })).toThrow('--all and --state')
  })
})
