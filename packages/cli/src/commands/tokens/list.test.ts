import { describe, expect, it } from 'vitest'

import { chooseScope } from './list.ts'

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
