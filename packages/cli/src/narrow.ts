// Narrows a token offline, by its holder, in exactly the ways that flyctl does.
import {
  actions,
  attenuate,
  decodeMacaroon,
  formatAuthorization,
  getCaveats,
  MacaroonError,
  parseAuthorization,
  type Caveat,
  type Command,
  type Macaroon,
} from '@hallpass/macaroon'

import { CommandError } from './errors.ts'

/** Every tool of this format knows permission tokens by this location; nobody dials it. */
const permissionLocation = 'https://api.fly.io/v1'

/** A credential with one permission token in it, and what discharges it. */
interface Parts {
  readonly permission: Macaroon
  readonly discharges: readonly Uint8Array[]
}

/**
 * Limits a token of one organisation to reading it, and if wanted to a time.
 * @throws CommandError where the token does not name exactly one organisation
 */
export function narrowToReading(
  header: string,
  window?: { readonly notBefore: number; readonly notAfter: number },
): string {
  const { permission, discharges } = split(header)
  const [organisation, ...others] = getCaveats(permission.unsafeCaveats, 'Organization')
  if (organisation === undefined) throw new CommandError('failed', 'the token names no organisation')
  if (others.length > 0) throw new CommandError('failed', 'the token names more than one organisation')
  const caveats: Caveat[] = [{ type: 'Organization', id: organisation.id, mask: actions.read }]
  if (window !== undefined) {
    caveats.push({
      type: 'ValidityWindow',
      notBefore: BigInt(window.notBefore),
      notAfter: BigInt(window.notAfter),
    })
  }
  return join([attenuate(permission, caveats)], discharges)
}

/** Splits a deploy token into two: one that reads, and one that may only ask for what SSH needs. */
export function narrowToSsh(header: string): string {
  const { permission, discharges } = split(header)
  const reading = attenuate(permission, [{ type: 'Action', mask: actions.read }])
  const asking = attenuate(permission, [{ type: 'Mutations', mutations: ['issueCertificate', 'addWireGuardPeer'] }])
  return join([reading, asking], discharges)
}

/** Limits a deploy token to reading and to these commands; without any, every command is allowed. */
export function narrowToCommands(header: string, commands: readonly Command[]): string {
  const { permission, discharges } = split(header)
  const allowed = commands.length === 0 ? [{ args: [], exact: false }] : commands
  const caveat: Caveat = { type: 'IfPresent', ifs: [{ type: 'Commands', commands: allowed }], else: actions.read }
  return join([attenuate(permission, [caveat])], discharges)
}

/** Limits a token of an organisation to reading it and to its WireGuard peers. */
export function narrowToWireGuard(header: string): string {
  const { permission, discharges } = split(header)
  const caveat: Caveat = {
    type: 'IfPresent',
    ifs: [
      { type: 'Apps', apps: new Map() },
      { type: 'FeatureSet', features: new Map([['wg', actions.all]]) },
    ],
    else: actions.read,
  }
  return join([attenuate(permission, [caveat])], discharges)
}

/** The one permission token among what a header carries; everything else goes along untouched. */
function split(header: string): Parts {
  const permissions: Macaroon[] = []
  const discharges: Uint8Array[] = []
  for (const bytes of parseAuthorization(header).macaroons) {
    const macaroon = decodeIfPossible(bytes)
    if (macaroon?.location === permissionLocation) permissions.push(macaroon)
    else discharges.push(bytes)
  }
  const [permission, ...others] = permissions
  if (permission === undefined) {
    throw new CommandError('failed', `there is no permission token of ${permissionLocation} in the credential`)
  }
  if (others.length > 0) {
    throw new CommandError('failed', 'there is more than one permission token in the credential, and one is needed')
  }
  return { permission, discharges }
}

function decodeIfPossible(bytes: Uint8Array): Macaroon | undefined {
  try {
    return decodeMacaroon(bytes)
  } catch (error) {
    if (error instanceof MacaroonError) return undefined
    throw error
  }
}

function join(permissions: readonly Macaroon[], discharges: readonly Uint8Array[]): string {
  return formatAuthorization([...permissions.map(({ bytes }) => bytes), ...discharges])
}
