/** The vectors of superfly/macaroon-elixir, which superfly/macaroon in Go has made: see vectors/README.md. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseBundle, verifyBundle } from './bundle.ts'
import { caveatsFromJSON, caveatsToJSON } from './caveat-json.ts'
import { decodeCaveats, encodeCaveats } from './caveat-set.ts'
import { ticketsOf } from './discharge.ts'
import { decodeMacaroon } from './macaroon.ts'
import { attenuate } from './mint.ts'
import { codeOf } from './testing/errors.ts'
import { fromBase64 } from './testing/vectors.ts'
import { formatAuthorization, parseAuthorization } from './text.ts'
import { openTicket } from './ticket.ts'
import { verify } from './verify.ts'

interface Vectors {
  readonly location: string
  readonly key: string
  readonly tp_key: string
  readonly macaroons: Readonly<Record<string, string>>
  /** For each header, by the caveats that are added to the macaroon of that location in it, what comes out. */
  readonly attenuation: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly caveats: Readonly<Record<string, string>>
  readonly with_tps: string
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../../../vectors/macaroon-elixir.json', import.meta.url), 'utf8'),
)
const { location } = vectors
const key = fromBase64(vectors.key)
const decode = (text: string) => parseAuthorization(text).macaroons.map((bytes) => decodeMacaroon(bytes))

describe('macaroons of macaroon-elixir', () => {
  it.each(Object.entries(vectors.macaroons))('%s', (name, text) => {
    const [macaroon] = decode(text)
    if (macaroon === undefined) return expect.fail()
    expect(formatAuthorization([macaroon.bytes])).toBe(text)
    expect(macaroon.location).toBe(location)
    expect(macaroon.unsafeCaveats).toHaveLength(1)
    // Attestations stand in discharges, whose keys nobody has; and what is bound needs its parent, in Go too.
    const isDischarge = ['FlyioUserID', 'GitHubUserID', 'GoogleUserID'].includes(name)
    expect(macaroon.nonce.proof).toBe(isDischarge)
    const answer = isDischarge ? 'forged' : name === 'BindToParentToken' ? 'bound-elsewhere' : 'nothing'
    expect(codeOf(() => verify(macaroon, key))).toBe(answer)
    const again = caveatsFromJSON(caveatsToJSON(macaroon.unsafeCaveats))
    expect(encodeCaveats(again)).toEqual(encodeCaveats(macaroon.unsafeCaveats))
  })

  it('come out of attenuating as there', () => {
    const cases = Object.entries(vectors.attenuation).flatMap(([header, added]) =>
      Object.entries(added).map(([caveats, result]) => ({ header, caveats, result })),
    )
    expect(cases.length).toBeGreaterThan(10)
    for (const { header, caveats, result } of cases) {
      const more = decodeCaveats(fromBase64(caveats))
      const macaroons = decode(header).map((each) => (each.location === location ? attenuate(each, more) : each))
      expect(formatAuthorization(macaroons.map(({ bytes }) => bytes))).toBe(result)
    }
  })

  it.each(Object.entries(vectors.caveats))('caveat %s is spelt as there', (_name, wire) => {
    const bytes = fromBase64(wire)
    expect(encodeCaveats(decodeCaveats(bytes))).toEqual(bytes)
  })

  it('ask two third parties, of which one has answered', () => {
    const bundle = parseBundle(vectors.with_tps, { location })
    const [permission] = bundle.permissions
    if (permission === undefined) return expect.fail()
    const { macaroon, discharges } = permission
    expect([...ticketsOf(macaroon).keys()]).toEqual(['discharged', 'undischarged'])
    expect([...ticketsOf(macaroon, discharges).keys()]).toEqual(['undischarged'])
    for (const ticket of [...ticketsOf(macaroon).values()].flat()) {
      expect(openTicket(fromBase64(vectors.tp_key), ticket).caveats).toEqual([])
    }
    expect(verifyBundle(bundle, () => key).refused.map(({ error }) => error.code)).toEqual(['undischarged'])
  })
})
