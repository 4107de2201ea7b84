// Says again what the real client said when it was recorded, and holds the answers against those that it was given.
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { attenuate } from '@hallpass/macaroon'
import { formatTokens } from '@hallpass/macaroon/internal'
import { caveatsFromJSON } from '@hallpass/macaroon/json'
import { describe, expect, test } from 'vitest'

import { startAuthority } from '../authority.ts'
import { findVolatile, readMacaroon, type RecordedExchange, type Recording } from './recording.ts'
import { findDifference, shapeOf } from './shape.ts'
import { passwords } from './stage.ts'

const folder = join(import.meta.dirname, 'recorded')
const files = readdirSync(folder).filter((file) => file.endsWith('.json'))

test('there is something to say', () => {
  expect(files.length).toBeGreaterThan(0)
})

describe.each(files)('%s', (file) => {
  const text = readFileSync(join(folder, file), 'utf8')
  const { steps } = JSON.parse(text) as Recording

  test('holds no secret', () => {
    expect(findVolatile(text)).toEqual([])
    for (const password of Object.values(passwords)) expect(text).not.toContain(password)
  })

  test('is answered as it was', async () => {
    const authority = await startAuthority()
    const values = new Map(Object.entries({ ...passwords, ...createProof() }))
    try {
      for (const { did, exchanges } of steps) {
        for (const exchange of exchanges) {
          const answer = await say(authority.url(), exchange, values)
          const what = `${did}: ${exchange.method} ${exchange.path} ${JSON.stringify(exchange.body ?? '')}`
          expect(answer.status, `${what}: ${answer.text}`).toBe(exchange.status)
          if (exchange.shape !== undefined) {
            expect(findDifference(exchange.shape, shapeOf(parse(answer.text))), what).toBeUndefined()
          }
          const given = findVolatile(answer.text)
          exchange.gives?.forEach((name, at) => values.set(name, given[at]?.value ?? ''))
        }
      }
    } finally {
      await authority.close()
    }
  })
})

function createProof(): { readonly verifier: string; readonly challenge: string; readonly state: string } {
  const verifier = randomBytes(32).toString('base64url')
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  return { verifier, challenge, state: randomBytes(16).toString('base64url') }
}

async function say(url: string, exchange: RecordedExchange, values: Map<string, string>) {
  for (const [name, { from, caveats }] of Object.entries(exchange.narrowed ?? {})) {
    const base = readMacaroon(values.get(from) ?? '')
    const { bytes } = attenuate(base, caveatsFromJSON(JSON.stringify(caveats)))
    values.set(name, formatTokens([bytes]))
  }
  const fill = (text: string) =>
    text.replaceAll(/\{\{([\w-]+)\}\}/g, (_, name: string) => {
      const value = values.get(name)
      if (value === undefined) throw new Error(`nothing is known of ${name} yet`)
      return value
    })
  const { method, path, headers, body } = exchange
  const response = await fetch(url + fill(path), {
    method,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)])),
    redirect: 'manual',
    ...(body === undefined ? {} : { body: fill(typeof body === 'string' ? body : JSON.stringify(body)) }),
  })
  return { status: response.status, text: await response.text() }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
