import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

import {
  actions,
  attenuate,
  dischargeTicket,
  formatAuthorization,
  mintMacaroon,
  parseAuthorization,
  thirdParty,
  verify,
  decodeMacaroon,
  type Caveat,
  type Macaroon,
} from '@hallpass/macaroon'
import { formatTokens } from '@hallpass/macaroon/internal'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { fetchDischarges, listQuestions, type DischargeOptions } from './discharge.ts'
import { anyText } from '../../macaroon/src/testing/any-text.ts'

const key = new Uint8Array(32).fill(7)
const shared = new Uint8Array(32).fill(8)
const permission = 'https://api.fly.io/v1'
const start = 1_800_000_000

let count = 0
function random(length: number): Uint8Array {
  count += 1
  return new Uint8Array(length).fill(count % 256)
}

function tokenAsking(...locations: readonly string[]): Macaroon {
  const minted = mintMacaroon({
    kid: Uint8Array.of(1),
    rnd: random(16),
    location: permission,
    key,
    caveats: [{ type: 'Organization', id: 2n, mask: actions.any }],
  })
  return attenuate(
    minted,
    locations.map((location) => thirdParty({ key: shared, location, random })),
  )
}

const header = (...macaroons: readonly Macaroon[]) => formatAuthorization(macaroons.map(({ bytes }) => bytes))

function answerTo(ticket: Uint8Array, caveats: readonly Caveat[] = [], location = 'https://third.example'): string {
  return formatTokens([dischargeTicket({ key: shared, ticket, location, rnd: random(16), caveats }).bytes])
}

const until = (end: number): Caveat => ({ type: 'ValidityWindow', notBefore: 0n, notAfter: BigInt(end) })

/** A clock that only sleeping moves, and what was slept. */
function stillClock(): { readonly options: DischargeOptions; readonly slept: readonly number[] } {
  const slept: number[] = []
  let now = start * 1000
  return {
    slept,
    options: {
      now: () => now,
      async sleep(milliseconds) {
        slept.push(milliseconds)
        now += milliseconds
      },
    },
  }
}

interface Asked {
  readonly line: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}
type Reply = readonly [status: number, body: unknown, headers?: Readonly<Record<string, string>>]

/** A third party on this machine with prepared answers; `ticketOf` finds the ticket of the first request. */
let url = ''
let asked: Asked[] = []
let reply: (asked: Asked, ticket: Uint8Array) => Reply = () => [500, {}]
let ticket = new Uint8Array()
const server = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
  request.on('end', () => {
    const each = { line: `${request.method} ${request.url}`, headers: request.headers, body }
    asked.push(each)
    if (body !== '') ticket = Uint8Array.from(Buffer.from((JSON.parse(body) as { ticket: string }).ticket, 'base64'))
    const [status, answer, headers = {}] = reply(each, ticket)
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(answer === undefined ? '' : typeof answer === 'string' ? answer : JSON.stringify(answer))
  })
})
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

function answerWith(next: typeof reply): void {
  reply = next
  asked = []
}

const verified = (text: string) => {
  const [token, ...discharges] = parseAuthorization(text).macaroons.map((bytes) => decodeMacaroon(bytes))
  return token && verify(token, key, { discharges }).discharges.length
}

describe('fetching discharges', () => {
  it('takes the ticket where the token says, and nothing else with it', async () => {
    answerWith((_, given) => [201, { discharge: answerTo(given) }])
    for (const location of [`${url}/aaa/v1`, `${url}/aaa/v1/`]) {
      const fetched = await fetchDischarges(`${header(tokenAsking(location))},fo1_${'a'.repeat(43)}`)
      expect(fetched.failures).toEqual([])
      expect(fetched.header).toMatch(/^FlyV1 fm2_[^,]+,fm2_[^,]+,fo1_a+$/)
      expect(verified(fetched.header)).toBe(1)
    }
    expect(asked.map(({ line }) => line)).toEqual(Array(2).fill('POST /aaa/v1/.well-known/macfly/3p'))
    for (const { headers, body } of asked) {
      expect(headers).not.toHaveProperty('authorization')
      expect(headers).not.toHaveProperty('cookie')
      expect(headers['content-type']).toBe('application/json')
      expect(Object.keys(JSON.parse(body) as object)).toEqual(['ticket'])
    }
  })

  it('asks nobody where nothing is missing', async () => {
    answerWith(() => [500, {}])
    const plain = header(tokenAsking())
    expect(await fetchDischarges(plain)).toEqual({ header: plain, failures: [] })
    const token = tokenAsking(url)
    const [question] = listQuestions(header(token), { now: start })
    const text = `${header(token)},${answerTo(question?.ticket ?? new Uint8Array(), [until(start + 60)])}`
    expect(await fetchDischarges(text, stillClock().options)).toEqual({ header: text, failures: [] })
    expect(asked).toEqual([])
  })

  it('replaces a discharge that has ended, or is about to', async () => {
    const token = tokenAsking(url)
    const [question] = listQuestions(header(token), { now: start })
    for (const end of [start - 60, start + 5]) {
      answerWith((_, given) => [201, { discharge: answerTo(given, [until(start + 600)]) }])
      const text = `${header(token)},${answerTo(question?.ticket ?? new Uint8Array(), [until(end)])}`
      const fetched = await fetchDischarges(text, stillClock().options)
      expect(parseAuthorization(fetched.header).macaroons).toHaveLength(2)
      expect(listQuestions(fetched.header, { now: start })).toMatchObject([
        { state: 'answered', endsAt: BigInt(start + 600) },
      ])
      expect(listQuestions(text, { now: start })).toMatchObject([{ state: 'missing', endsAt: BigInt(end) }])
    }
  })

  it('drops what has ended, also where something else holds, and takes no other for it', async () => {
    const token = tokenAsking(url)
    const [question] = listQuestions(header(token), { now: start })
    const answers = [start - 60, start + 600, start - 1].map((end) =>
      answerTo(question?.ticket ?? new Uint8Array(), [until(end)]),
    )
    const fetched = await fetchDischarges(`${header(token)},${answers.join(',')}`, stillClock().options)
    expect(fetched).toEqual({ header: `${header(token)},${answers[1]}`, failures: [] })
  })

  it('polls with growing pauses, relative addresses too, until there is an answer', async () => {
    for (const address of ['/poll/x', `${url}/poll/x`]) {
      let left = 4
      answerWith(({ line }, given) => {
        if (line.startsWith('POST')) return [201, { poll_url: address }]
        left -= 1
        return left > 0 ? [202, undefined] : [200, { discharge: answerTo(given) }]
      })
      const { options, slept } = stillClock()
      const { failures, header: text } = await fetchDischarges(header(tokenAsking(url)), options)
      expect(failures).toEqual([])
      expect(verified(text)).toBe(1)
      expect(slept).toEqual([1000, 2000, 4000])
      expect(asked.map(({ line }) => line)).toEqual(['POST /.well-known/macfly/3p', ...Array(4).fill('GET /poll/x')])
    }
  })

  it('stops polling when the time is over', async () => {
    answerWith(({ line }) => (line.startsWith('POST') ? [201, { poll_url: '/poll' }] : [202, { error: 'not ready' }]))
    const { options, slept } = stillClock()
    const { failures } = await fetchDischarges(header(tokenAsking(url)), options)
    expect(failures).toMatchObject([{ name: 'DischargeError', code: 'timeout', location: url }])
    const total = slept.reduce((sum, pause) => sum + pause, 0)
    expect(total).toBeLessThan(30_000)
    expect(total).toBeGreaterThan(20_000)
  })

  it('shows a person where to confirm, and waits longer for them', async () => {
    let left = 20
    answerWith(({ line }, given) => {
      if (line.startsWith('POST')) return [201, { user_interactive: { user_url: `${url}/c`, poll_url: `${url}/p` } }]
      left -= 1
      return left > 0 ? [202, undefined] : [200, { discharge: answerTo(given) }]
    })
    const shown: string[] = []
    const { options } = stillClock()
    const token = header(tokenAsking(url))
    const fetched = await fetchDischarges(token, { ...options, onUserUrl: (address) => void shown.push(address) })
    expect(fetched.failures).toEqual([])
    expect(shown).toEqual([`${url}/c`])
    const unattended = await fetchDischarges(token, options)
    expect(unattended.failures).toMatchObject([{ code: 'needs_person' }])
    expect(unattended.header).toBe(token)
  })

  it.each([
    ['its sentence, without what a terminal obeys', [403, { error: 'no \u001b[31mred' }], 'refused', 'no  [31mred'],
    ['its sentence from a poll', [200, { error: 'denied' }], 'refused', 'gives no discharge: denied'],
    ['a page', [200, '<html>'], 'not_a_third_party', ''],
    ['nothing', [201, {}], 'not_a_third_party', ''],
    ['a list', [201, []], 'not_a_third_party', ''],
    ['numbers', [201, { discharge: 7, poll_url: 8, user_interactive: 9 }], 'not_a_third_party', ''],
    ['half an interaction', [201, { user_interactive: { user_url: 'x' } }], 'not_a_third_party', ''],
    ['no token', [201, { discharge: 'fm2_AAAA' }], 'not_a_third_party', ''],
    ['an auth token', [201, { discharge: `fo1_${'a'.repeat(43)}` }], 'not_a_third_party', ''],
    ['more than anybody reads', [201, JSON.stringify({ pad: 'x'.repeat(70_000) })], 'not_a_third_party', ''],
    [
      'what is not packed as it says',
      [201, 'no gzip', { 'content-encoding': 'gzip' }],
      'not_a_third_party',
      'unpacked as gzip',
    ],
    ['less than it promised', [201, '{', { 'content-length': '9' }], 'not_a_third_party', 'breaks off before its end'],
    ['another place', [302, {}, { location: 'http://127.0.0.1:1/' }], 'not_a_third_party', ''],
    ['an address of another kind', [201, { poll_url: 'file:///etc/passwd' }], 'address_not_allowed', ''],
    ['an open address elsewhere', [201, { poll_url: 'http://third.example/poll' }], 'address_not_allowed', ''],
    ['an address with a password', [201, { poll_url: 'https://a:b@third.example/' }], 'not_a_third_party', ''],
  ] as const)('says what is wrong where the third party answers %s', async (_what, answer, code, words) => {
    answerWith(() => answer as Reply)
    const { failures } = await fetchDischarges(header(tokenAsking(url)))
    expect(failures).toMatchObject([{ code, message: expect.stringContaining(words) }])
    expect(asked).toHaveLength(1)
  })

  it('takes no discharge of another ticket, and none that passes for a permission token', async () => {
    const [other] = listQuestions(header(tokenAsking(url)), { now: start })
    answerWith(() => [201, { discharge: answerTo(other?.ticket ?? new Uint8Array()) }])
    const first = await fetchDischarges(header(tokenAsking(url)))
    answerWith((_, given) => [201, { discharge: answerTo(given, [], permission) }])
    const second = await fetchDischarges(header(tokenAsking(url)))
    for (const { failures } of [first, second]) expect(failures).toMatchObject([{ code: 'not_a_third_party' }])
  })

  it.each([
    'http://third.example',
    'ftp://third.example',
    'third.example',
    '',
    'https://u:p@third.example',
    'http://127.0.0.1.example',
    `https://third.example/${'a'.repeat(3000)}`,
  ])('asks nobody at %s', async (location) => {
    const { failures } = await fetchDischarges(header(tokenAsking(location)), {
      fetch: () => Promise.reject(new Error('this must not be asked')),
    })
    expect(failures.map(({ code }) => code)).toEqual([
      expect.stringMatching(/^(?:address_not_allowed|not_a_third_party)$/),
    ])
  })

  it('is not led back to this machine by a third party elsewhere', async () => {
    const seen: string[] = []
    const { failures } = await fetchDischarges(header(tokenAsking('https://third.example')), {
      async fetch(input) {
        seen.push(input)
        return Response.json({ poll_url: `${url}/secrets` }, { status: 201 })
      },
    })
    expect(failures).toMatchObject([{ code: 'address_not_allowed' }])
    expect(seen).toEqual(['https://third.example/.well-known/macfly/3p'])
  })

  it('keeps what it could get where another third party fails', async () => {
    answerWith(({ line }, given) =>
      line.includes('/good/') ? [201, { discharge: answerTo(given) }] : [403, { error: 'no' }],
    )
    const token = tokenAsking(`${url}/good`, `${url}/bad`)
    const { header: text, failures } = await fetchDischarges(header(token))
    expect(failures).toMatchObject([{ code: 'refused', location: `${url}/bad` }])
    expect(listQuestions(text, { now: start }).map(({ state }) => state)).toEqual(['answered', 'missing'])
  })

  it('survives whatever a third party may say', async () => {
    const text = header(tokenAsking(url))
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.json(), anyText()),
        fc.integer({ min: 200, max: 599 }).filter((status) => ![202, 204, 205, 304].includes(status)),
        async (body, status) => {
          const fetched = await fetchDischarges(text, { fetch: async () => new Response(body, { status }) })
          expect(fetched.header).toBe(text)
          expect(fetched.failures).toHaveLength(1)
        },
      ),
      { numRuns: 200 },
    )
  })
})
