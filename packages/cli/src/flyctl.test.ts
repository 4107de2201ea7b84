// What flyctl makes of a token, byte for byte: interop/go-flyctl wrote it down.
import { readFileSync } from 'node:fs'

import { decodeMacaroon, parseAuthorization } from '@hallpass/macaroon'
import { encodeCaveats } from '@hallpass/macaroon/internal'
import { describe, expect, it } from 'vitest'

import { narrowToReading } from './narrow.ts'
import { app, listed } from './testing/answers.ts'
import { preparePlace, prepareServer, type Answer } from './testing/hallpass.ts'

interface Vector {
  readonly name: string
  readonly command: readonly string[]
  readonly token: string
  readonly caveats?: unknown
  readonly window?: readonly [notBefore: number, notAfter: number]
  readonly added: readonly string[]
  readonly result: string
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../vectors/flyctl-attenuations.json', import.meta.url), 'utf8'),
) as readonly Vector[]

/** Mints the vector's token, for whatever is asked. */
const minting =
  ({ token }: Vector): Answer =>
  ({ line }) => {
    if (line === 'GET /v1/apps/web') {
      return [200, app('web', 7, 4242)]
    }
    return line === 'POST /v1/orgs/acme/tokens' ? [201, { ...listed(1), token }] : undefined
  }

describe('the caveats of flyctl', () => {
  const server = prepareServer()
  const place = preparePlace()

  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', async (_, vector) => {
    if (vector.window !== undefined) {
      // Its window begins when it is made.
      const [notBefore, notAfter] = vector.window
      expect(narrowToReading(vector.token, { window: { notBefore, notAfter } })).toBe(vector.result)
      return
    }
    server.answer(minting(vector))
    const { code, stdout, stderr } = await place.run(['tokens', ...vector.command], {
      environment: { HALLPASS_API_URL: server.url, HALLPASS_API_TOKEN: vector.token },
      ...(vector.caveats === undefined ? {} : { input: JSON.stringify(vector.caveats) }),
    })
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${vector.result}\n`, stderr: '' })
  })

  it('are those that the vectors say were added', () => {
    for (const { token, result, added } of vectors) {
      const [before = []] = permissionsOf(token)
      const [after = []] = permissionsOf(result)
      const wire = encodeCaveats(after.slice(before.length))
      expect(Buffer.from(wire).toString('hex')).toBe(added[0])
    }
  })
})

function permissionsOf(header: string) {
  return parseAuthorization(header)
    .macaroons.map((bytes) => decodeMacaroon(bytes))
    .filter(({ location }) => location === 'https://api.fly.io/v1')
    .map(({ unsafeCaveats }) => unsafeCaveats)
}
