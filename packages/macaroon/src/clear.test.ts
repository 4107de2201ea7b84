import { describe, expect, it } from 'vitest'
import type { Access } from './access.ts'
import { actions } from './action.ts'
import type { Caveat } from './caveat.ts'
import { clear, clearCaveats, clearFixed, type ClearOptions } from './clear.ts'
import { mintMacaroon } from './mint.ts'
import { caught } from './testing/errors.ts'
import { verify, type VerifiedMacaroon } from './verify.ts'
import { createVocabulary } from './vocabulary.ts'

const access: Access = { action: actions.write, now: 1_800_000_000, orgId: 15n, appId: 7n }
const anyOrganization: Caveat = { type: 'Organization', id: 0n, mask: actions.any }

describe('reasons', () => {
  it.each<[string, string, Caveat, Partial<Access>?]>([
    [
      'resource',
      'Organization allows only organization 12, and this is organization 15',
      { type: 'Organization', id: 12n, mask: 31 },
    ],
    [
      'action',
      'Organization allows read in organization 15, and this needs write',
      { type: 'Organization', id: 15n, mask: 1 },
    ],
    [
      'action',
      'Organization allows nothing in any organization, and this needs write',
      { type: 'Organization', id: 0n, mask: 0 },
    ],
    [
      'resource',
      'Apps allows only app 8 and 9, and this is app 7',
      {
        type: 'Apps',
        apps: new Map([
          [8n, 31],
          [9n, 31],
        ]),
      },
    ],
    ['resource', 'Apps allows no app at all, and this is app 7', { type: 'Apps', apps: new Map() }],
    ['resource', 'Apps allows no app at all, and this is app 7', { type: 'Apps', apps: null }],
    ['action', 'Apps allows read on app 7, and this needs write', { type: 'Apps', apps: new Map([[0n, 1]]) }],
    [
      'unspecified',
      'Machines allows only machine "m1", and this names no machine',
      { type: 'Machines', machines: new Map([['m1', 31]]) },
    ],
    [
      'unspecified',
      'Volumes allows any volume, and this names no volume',
      { type: 'Volumes', volumes: new Map([['', 31]]) },
    ],
    [
      'resource',
      'Machines allows only machine "a", "b", "c", "d", "e" and 2 more, and this is machine "x"',
      { type: 'Machines', machines: new Map(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => [name, 31])) },
      { machine: 'x' },
    ],
    [
      'bad-caveat',
      'Machines lists every machine and single ones too, which makes no sense',
      {
        type: 'Machines',
        machines: new Map([
          ['', 31],
          ['m1', 31],
        ]),
      },
    ],
    [
      'time',
      'ValidityWindow: the token ended at 2026-11-23T10:00:00Z',
      { type: 'ValidityWindow', notBefore: 0n, notAfter: 1_795_428_000n },
    ],
    [
      'time',
      'ValidityWindow: the token begins only at 2100-01-01T00:00:00Z',
      { type: 'ValidityWindow', notBefore: 4_102_444_800n, notAfter: 2n ** 40n },
    ],
    [
      'time',
      'ValidityWindow: the token begins only at second 9223372036854775807 of Unix time',
      { type: 'ValidityWindow', notBefore: 2n ** 63n - 1n, notAfter: 2n ** 60n },
    ],
    ['action', 'Action allows read, and this needs write', { type: 'Action', mask: 1 }],
    [
      'unspecified',
      'Mutations allows only the GraphQL mutations "x", and this is no mutation',
      { type: 'Mutations', mutations: ['x'] },
    ],
    [
      'resource',
      'Mutations allows no GraphQL mutation at all, and this is "y"',
      { type: 'Mutations', mutations: null },
      { mutation: 'y' },
    ],
    ['unspecified', 'Commands allows no command at all, and this runs none', { type: 'Commands', commands: [] }],
    [
      'resource',
      'Commands allows only ["ls" "-l"] … or ["id"], and this runs ["rm"]',
      {
        type: 'Commands',
        commands: [
          { args: ['ls', '-l'], exact: false },
          { args: ['id'], exact: true },
        ],
      },
      { machine: 'm', command: ['rm'] },
    ],
    [
      'role',
      'IsMember allows the role member, and this on the feature "deletion" takes the role admin',
      { type: 'IsMember' },
      { appId: undefined, feature: 'deletion' },
    ],
    ['role', 'AllowedRoles allows no role, and this takes the role member', { type: 'AllowedRoles', roles: 0 }],
    [
      'action',
      'IfPresent allows read on what it does not name, and this needs write',
      { type: 'IfPresent', ifs: [], else: 1 },
    ],
    [
      'resource',
      'IfPresent: Apps allows only app 8, and this is app 7; Action allows read, and this needs write',
      {
        type: 'IfPresent',
        ifs: [
          { type: 'Apps', apps: new Map([[8n, 31]]) },
          { type: 'Action', mask: 1 },
        ],
        else: 31,
      },
    ],
    ['bad-caveat', 'IfPresent holds no set of caveats', { type: 'IfPresent', ifs: null, else: 31 }],
    [
      'bad-caveat',
      'The caveat number 4242 is not understood here, so it forbids everything',
      { type: 'Unknown', number: 4242n, body: Uint8Array.of(0xc0) },
    ],
    [
      'bad-caveat',
      'FlyioUserID is an attestation, which has no place inside another caveat',
      { type: 'IfPresent', ifs: [{ type: 'FlyioUserID', id: 1n }], else: 31 },
    ],
    ['invalid-access', 'An access must name its organization', anyOrganization, { orgId: undefined }],
  ])('%s: %s', (kind, reason, caveat, change = {}) => {
    const clearance = clearCaveats([caveat], [{ ...access, ...change }])
    if (clearance.allowed) throw new Error('it was allowed')
    expect(clearance.denials).toHaveLength(1)
    expect(clearance.denials[0].kind).toBe(kind)
    expect(clearance.denials[0].reason.replace(/^IfPresent: (?=FlyioUserID)/, '')).toBe(reason)
  })
})

describe('clearCaveats', () => {
  it('says which access and which caveat', () => {
    const narrow: Caveat = { type: 'Action', mask: actions.read }
    expect(clearCaveats([anyOrganization, narrow], [{ ...access, action: actions.read }, access])).toEqual({
      allowed: false,
      denials: [{ access: 1, index: 1, caveat: narrow, kind: 'action', reason: expect.any(String) }],
    })
  })

  it('holds what stands behind an attestation as well', () => {
    const narrow: Caveat = { type: 'Action', mask: actions.read }
    const clearance = clearCaveats([anyOrganization, { type: 'FlyioUserID', id: 1n }, narrow], [access])
    expect(clearance).toMatchObject({ allowed: false, denials: [{ index: 2, kind: 'action' }] })
  })

  it('does not allow what is no access', () => {
    const holes: unknown[] = [undefined]
    holes.length = 2
    for (const list of [[undefined], [null], holes] as Access[][]) {
      expect(() => clearCaveats([anyOrganization], list)).toThrow('access must be an object')
    }
    expect(Object.isFrozen(clearCaveats([anyOrganization], [access]))).toBe(true)
  })

  it('takes fractions of seconds and big times for what they are', () => {
    const window: Caveat = { type: 'ValidityWindow', notBefore: 10n, notAfter: 20n }
    const at = (now: number | bigint) => clearCaveats([window], [{ ...access, now }]).allowed
    expect([9.999, 10, 20, 20.001, 10n, 21n, 2n ** 70n].map(at)).toEqual([false, true, true, false, true, false, false])
  })

  it('takes neither an attestation for a restriction, nor no caveat for a permission', () => {
    expect(clearCaveats([anyOrganization, { type: 'FlyioUserID', id: 1n }], [access]).allowed).toBe(true)
    expect(caught(() => clearCaveats([], [access])).code).toBe('no-caveats')
    expect(caught(() => clearCaveats([{ type: 'FlyioUserID', id: 1n }], [access])).code).toBe('no-caveats')
    expect(caught(() => clearCaveats([anyOrganization], [])).code).toBe('bad-argument')
  })

  it('forbids by caveats that a smaller vocabulary does not know', () => {
    const clearance = clearCaveats([anyOrganization], [access], createVocabulary([]))
    expect(clearance).toMatchObject({ allowed: false, denials: [{ kind: 'bad-caveat' }] })
  })
})

describe('clearFixed', () => {
  it('clears as clearCaveats does what it was given, whatever becomes of that and of its denials', () => {
    const caveats: readonly Caveat[] = [anyOrganization, { type: 'Apps', apps: new Map([[7n, actions.read]]) }]
    const given = structuredClone(caveats)
    const cleared = clearFixed(given)
    const reading = { ...access, action: actions.read, appId: 7n }
    const other = { ...reading, appId: 8n }
    for (let round = 0; round < 2; round += 1) {
      const allowed = cleared([reading])
      const denied = cleared([other])
      expect([allowed, denied]).toEqual([clearCaveats(caveats, [reading]), clearCaveats(caveats, [other])])
      if (denied.allowed) throw new Error('it was allowed')
      for (const one of [given[1], denied.denials[0].caveat]) {
        if (one?.type === 'Apps') (one.apps as Map<bigint, number>).set(8n, actions.all)
      }
    }
  })

  it('does not take an attestation for a restriction, nor what is no access for one', () => {
    expect(caught(() => clearFixed([])).code).toBe('no-caveats')
    expect(caught(() => clearFixed([{ type: 'FlyioUserID', id: 1n }])).code).toBe('no-caveats')
    expect(caught(() => clearFixed([anyOrganization])([])).code).toBe('bad-argument')
    expect(() => clearFixed([anyOrganization])([undefined] as unknown as Access[])).toThrow('access must be an object')
  })
})

describe('clear', () => {
  const key = new Uint8Array(32).fill(1)
  const macaroon = mintMacaroon({
    kid: Uint8Array.of(1),
    rnd: new Uint8Array(16),
    location: 'here',
    key,
    caveats: [anyOrganization],
  })

  it('clears what verify made', () => {
    expect(clear(verify(macaroon, key), [access])).toEqual({ allowed: true })
    expect(caught(() => clear(verify(macaroon, key), [])).code).toBe('bad-argument')
  })

  it('looks for as many denials as it is asked for', () => {
    const none: Caveat = { type: 'Action', mask: 0 }
    const many = mintMacaroon({
      kid: Uint8Array.of(1),
      rnd: new Uint8Array(16),
      location: 'here',
      key,
      caveats: [anyOrganization, none, { type: 'Action', mask: 1 }, { type: 'Action', mask: 4 }],
    })
    const verified = verify(many, key)
    const denialsOf = (options: ClearOptions) => {
      const clearance = clear(verified, [access, access], options)
      return clearance.allowed ? [] : clearance.denials.map(({ access: which, index }) => `${which} ${index}`)
    }
    expect(denialsOf({ denials: 1 })).toEqual(['0 1'])
    expect(denialsOf({ denials: 4 })).toEqual(['0 1', '0 2', '0 3', '1 1'])
    expect(denialsOf({})).toHaveLength(6)
    for (const denials of [0, -1, NaN, '1' as never]) {
      expect(caught(() => clear(verified, [access], { denials })).code).toBe('bad-argument')
    }
  })

  it('clears nothing else, whatever it looks like', () => {
    const verified = verify(macaroon, key)
    const forgeries: unknown[] = [
      macaroon,
      Object.assign({}, verified),
      Object.create(verified),
      { caveats: [], vocabulary: verified.vocabulary },
      null,
    ]
    for (const forgery of forgeries) {
      expect(caught(() => clear(forgery as VerifiedMacaroon, [access])).code).toBe('bad-argument')
    }
    // Through its class one could make another.
    expect([verified.constructor, macaroon.constructor]).toEqual([Object, Object])
  })
})
