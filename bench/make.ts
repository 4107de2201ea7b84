// Making tokens, minted and attenuated, beside four bare HMACs.
import { createHmac, randomBytes } from 'node:crypto'

import { actions, attenuate, mintMacaroon, permissionLocation, type Caveat, type Macaroon } from '@hallpass/macaroon'

import { timeEachSync } from './measure.ts'
import type { Piece } from './row.ts'

interface World {
  readonly minted: Macaroon
  readonly mint: () => Macaroon
  readonly window: Caveat
  readonly hmacs: () => Uint8Array
}

const count = 1024
const bare = ({ hmacs }: World) => timeEachSync(count, hmacs)

export const make: Piece<World> = {
  groups: [
    {
      note: 'Minted: `mintMacaroon` of @hallpass/macaroon with an organization, apps and a window, which is four HMACs, from the caveats to the bytes of the token. Attenuated: `attenuate` of that token with one more window, which is one HMAC. Beside: four HMAC-SHA256 of node:crypto, each under the last one, over as many bytes as the nonce and the caveats have.',
      rounds: 30,
      warmUp: 15,
      rows: [
        {
          what: 'attenuated',
          how: ({ minted, window }) => timeEachSync(count, () => attenuate(minted, [window])),
          beside: bare,
          goal: 0.8,
        },
        { what: 'minted', how: ({ mint }) => timeEachSync(count, mint), beside: bare, goal: 1.2 },
      ],
    },
  ],

  open() {
    const key = new Uint8Array(randomBytes(32))
    const kid = new Uint8Array(randomBytes(16))
    const rnd = new Uint8Array(randomBytes(16))
    const now = BigInt(Math.floor(Date.now() / 1000))
    const window: Caveat = { type: 'ValidityWindow', notBefore: now, notAfter: now + 3600n }
    const apps = new Map([1n, 2n, 3n].map((id) => [id + 4_242_424n, actions.all]))
    const caveats: readonly Caveat[] = [
      { type: 'Organization', id: 1_234_567n, mask: actions.all },
      { type: 'Apps', apps },
      window,
    ]
    const mint = () => mintMacaroon({ kid, rnd, location: permissionLocation, key, caveats })
    const minted = mint()
    // A token is longer by the bytes of its caveat.
    const lengthOf = (caveat: Caveat) => attenuate(minted, [caveat]).bytes.length - minted.bytes.length
    const parts = [minted.nonce.bytes, ...caveats.map((caveat) => randomBytes(lengthOf(caveat)))]
    const hmacs = () => parts.reduce((tail, part) => createHmac('sha256', tail).update(part).digest(), Buffer.from(key))
    return { minted, mint, window, hmacs }
  },
}
