import {
  actions,
  clear,
  decodeMacaroon,
  formatAuthorization,
  mintMacaroon,
  parseAuthorization,
  verify,
  type Access,
  type Caveat,
} from '@hallpass/macaroon'
import { describe, expect, it } from 'vitest'

import { CommandError } from './errors.ts'
import { narrowToCommands, narrowToReading, narrowToSsh, narrowToWireGuard } from './narrow.ts'

const key = new Uint8Array(32).fill(7)
const discharge = mint([{ type: 'IsMember' }], 'https://login.example/v1')

function mint(caveats: readonly Caveat[], location = 'https://api.fly.io/v1'): Uint8Array {
  return mintMacaroon({ kid: new Uint8Array([1]), rnd: new Uint8Array(16).fill(3), location, key, caveats }).bytes
}

const organisation: Caveat = { type: 'Organization', id: 12n, mask: actions.any }
const org = formatAuthorization([discharge, mint([organisation])])
const deploy = formatAuthorization([
  mint([organisation, { type: 'IfPresent', ifs: [{ type: 'Apps', apps: new Map([[7n, actions.any]]) }], else: 1 }]),
])

/** The permission tokens: what stands after the organisation, and whether an access is allowed. */
function permissions(header: string) {
  return parseAuthorization(header)
    .macaroons.map((bytes) => decodeMacaroon(bytes))
    .filter(({ location }) => location === 'https://api.fly.io/v1')
    .map((macaroon) => ({
      added: macaroon.unsafeCaveats.slice(1),
      allows: (access: Omit<Access, 'now' | 'orgId'>) =>
        clear(verify(macaroon, key), [{ now: 1000, orgId: 12n, ...access }]).allowed,
    }))
}

describe('narrowing', () => {
  it('to reading names the organization again, and puts discharges behind', () => {
    const header = narrowToReading(org)
    const [only, ...others] = permissions(header)
    expect(others).toEqual([])
    expect(only?.added).toEqual([{ type: 'Organization', id: 12n, mask: actions.read }])
    expect(parseAuthorization(header).macaroons[1]).toEqual(discharge)
    expect(only?.allows({ action: actions.read })).toBe(true)
    expect(only?.allows({ action: actions.create })).toBe(false)
  })

  it('to reading for a while adds a window', () => {
    const [only] = permissions(narrowToReading(org, { window: { notBefore: 10, notAfter: 20 } }))
    expect(only?.added).toContainEqual({ type: 'ValidityWindow', notBefore: 10n, notAfter: 20n })
    expect(only?.allows({ action: actions.read })).toBe(false)
  })

  it('to SSH makes two tokens of one', () => {
    const [reading, asking, ...others] = permissions(narrowToSsh(deploy))
    expect(others).toEqual([])
    expect(reading?.added).toContainEqual({ type: 'Action', mask: actions.read })
    expect(asking?.added).toContainEqual({ type: 'Mutations', mutations: ['issueCertificate', 'addWireGuardPeer'] })
  })

  it('to commands allows every command where none is named', () => {
    const [named] = permissions(narrowToCommands(deploy, [{ args: ['ls', '-l'], exact: true }]))
    const [every] = permissions(narrowToCommands(deploy, []))
    expect(named?.added.at(-1)).toEqual({
      type: 'IfPresent',
      ifs: [{ type: 'Commands', commands: [{ args: ['ls', '-l'], exact: true }] }],
      else: actions.read,
    })
    const run = (command: readonly string[]) => ({ action: actions.control, appId: 7n, machine: 'm', command })
    expect(named?.allows(run(['ls', '-l']))).toBe(true)
    expect(named?.allows(run(['ls', '-l', 'x']))).toBe(false)
    expect(every?.allows(run(['rm']))).toBe(true)
  })

  it('to WireGuard allows peers, and no app but to read', () => {
    const [only] = permissions(narrowToWireGuard(org))
    expect(only?.added.at(-1)).toEqual({
      type: 'IfPresent',
      ifs: [
        { type: 'Apps', apps: new Map() },
        { type: 'FeatureSet', features: new Map([['wg', actions.all]]) },
      ],
      else: actions.read,
    })
    expect(only?.allows({ action: actions.create, feature: 'wg' })).toBe(true)
    expect(only?.allows({ action: actions.write, appId: 7n })).toBe(false)
  })

  it('needs exactly one permission token of exactly one organization', () => {
    const two = formatAuthorization([mint([organisation]), mint([organisation])])
    const nameless = formatAuthorization([mint([{ type: 'IsMember' }])])
    const double = formatAuthorization([mint([organisation, { ...organisation, mask: actions.read }])])
    for (const header of [two, nameless, double, formatAuthorization([discharge])]) {
      expect(() => narrowToReading(header)).toThrow(CommandError)
    }
  })
})
