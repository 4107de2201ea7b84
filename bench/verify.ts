// Verifying one token: from header to decision, cold and cached, beside the bare HMACs of node:crypto.
import { createHmac, randomBytes } from 'node:crypto'

import {
  actions,
  clear,
  decodeMacaroon,
  encodeMacaroon,
  formatAuthorization,
  mintMacaroon,
  parseAuthorization,
  verify as verifyMacaroon,
  type Access,
  type VerifiedMacaroon,
} from '@hallpass/macaroon'

import { mintToken } from '../packages/authority/src/operations/mint-token.ts'
import { caveatsOfProfile } from '../packages/authority/src/operations/profiles.ts'
import { location, openAuthority, orgToken } from './authority.ts'
import { interleave, timeEach, timeEachSync } from './measure.ts'
import type { Piece } from './piece.ts'
import { compareCost, duration } from './rows.ts'

export const verify: Piece = async ({ quick, workspace }) => {
  const authority = await openAuthority(workspace.directory())
  const { token, organisation } = await authority.ask(authority.userHeader, mintToken, orgToken)
  const remembered = token.reveal()
  const own = mintOwn(organisation.id)
  const access = { orgId: BigInt(organisation.id), action: actions.read }
  const count = quick ? 200 : 1000

  const measured = await interleave(
    {
      bare: () => timeEachSync(count, () => chain(own)),
      cold: () => timeEachSync(count, () => decide(verifyHeader(own), { ...access, now: Date.now() / 1000 })),
      cached: () =>
        timeEach(count, async () => {
          const { tokens } = await authority.authenticate(remembered)
          decide(tokens[0]?.verified, { ...access, now: Date.now() / 1000 })
        }),
    },
    quick ? { rounds: 10, warmUp: 5 } : { rounds: 60, warmUp: 15 },
  )
  await authority.close()

  const beside = { beside: measured.bare, show: duration }
  return [
    compareCost({
      ...beside,
      name: 'cold',
      meaning:
        'Parse the header, decode, verify and clear an org token of three caveats with @hallpass/macaroon; beside the four HMACs of its chain with node:crypto, and nothing else.',
      ours: measured.cold,
    }),
    compareCost({
      ...beside,
      name: 'cached',
      meaning: 'The same through `authenticate` of the authority, which remembers what it verified; beside the same.',
      ours: measured.cached,
    }),
  ]
}

interface Own {
  readonly header: string
  readonly key: Uint8Array
  /** What the chain is made of: the nonce, then the caveats. */
  readonly links: readonly Uint8Array[]
}

/** An org token under a key of our own, for the keyring shows its keys to nobody. */
function mintOwn(organisationId: number): Own {
  const key = randomBytes(32)
  const notBefore = Math.floor(Date.now() / 1000)
  const caveats = caveatsOfProfile(
    organisationId,
    { profile: 'deploy_organization' },
    { notBefore, notAfter: notBefore + orgToken.lifetime },
  )
  const macaroon = mintMacaroon({ kid: randomBytes(16), rnd: randomBytes(16), location, key, caveats })
  const { bytes, offsets, nonce } = macaroon
  const links = [
    nonce.bytes,
    ...caveats.map((_, index) => Buffer.concat([pairHead, bytes.subarray(offsets[index], offsets[index + 1])])),
  ]
  const header = formatAuthorization([encodeMacaroon(macaroon)])
  if (!Buffer.from(chain({ header, key, links })).equals(macaroon.tail)) throw new Error('not the chain of the token')
  return { header, key, links }
}

function chain({ key, links }: Own): Uint8Array {
  return links.reduce<Uint8Array>((tail, link) => createHmac('sha256', tail).update(link).digest(), key)
}

function verifyHeader({ header, key }: Own): VerifiedMacaroon | undefined {
  const [bytes] = parseAuthorization(header).macaroons
  return bytes === undefined ? undefined : verifyMacaroon(decodeMacaroon(bytes), key)
}

function decide(verified: VerifiedMacaroon | undefined, access: Access): void {
  if (verified === undefined || !clear(verified, [access]).allowed) throw new Error('the token was refused')
}

/** A caveat is hashed as an array of two. */
const pairHead = Uint8Array.of(0x92)
