import { describe, expect, it } from 'vitest'
import { type Access, permittedRole, roles, validateAccess } from './access.ts'
import { actions } from './action.ts'

const base: Access = { action: actions.read, now: 0, orgId: 1n }

describe('validateAccess', () => {
  it.each<[string, Partial<Access>]>([
    ['An access must name its organization', { orgId: undefined }],
    [
      'An access is to one resource, and this one names an app and an organization feature',
      { appId: 1n, feature: 'wg' },
    ],
    ['An access to a machine must name its app', { machine: 'm' }],
    [
      'An access is to one resource, and this one names a machine and a volume',
      { appId: 1n, machine: 'm', volume: 'v' },
    ],
    ['An access to a cluster must name the feature litefs-cloud', { cluster: 'c', feature: 'wg' }],
    ['An access to a command must name its machine', { appId: 1n, command: [] }],
    ['An access needs an action, a mask of 16 bits', { action: 0x10000 }],
    ['An access needs the time, in Unix seconds', { now: Number.NaN }],
    ['An access needs the time, in Unix seconds', { now: Number.POSITIVE_INFINITY }],
  ])('%s', (message, change) => {
    expect(validateAccess({ ...base, ...change })).toBe(message)
  })

  it.each<Partial<Access>>([
    {},
    { now: 1n },
    { appId: 0n },
    { appId: 1n, machine: '', command: ['ls'] },
    { feature: 'litefs-cloud', cluster: 'c' },
    { storageObject: 's' },
    { mutation: 'm', sourceApp: 'a' },
  ])('accepts %o', (change) => {
    expect(validateAccess({ ...base, ...change })).toBeUndefined()
  })
})

describe('permittedRole', () => {
  it.each<[string | undefined, number, number]>([
    [undefined, actions.any, roles.member],
    ['wg', actions.all, roles.member],
    ['wg', actions.any, roles.admin],
    ['membership', actions.read, roles.member],
    ['membership', actions.write, roles.admin],
    ['deletion', actions.none, roles.member],
    ['deletion', actions.read, roles.admin],
    ['nobody knows', actions.none, roles.admin],
    ['constructor', actions.read, roles.admin],
  ])('%s, %i', (feature, action, role) => {
    expect(permittedRole({ ...base, action, feature })).toBe(role)
  })
})
