// Which addresses count as public. What is fetched, and how long it takes, is tried over HTTP in e2e/trust.test.ts.
import { createSocket } from 'node:dgram'
import { createServer, isIP, type AddressInfo } from 'node:net'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { fetchDocument, isPublic, PrivateAddressError } from './fetch-document.ts'

describe('an address', () => {
  test.each(['1.1.1.1', '8.8.8.8', '172.15.255.255', '172.32.0.1', '100.63.255.255', '100.128.0.0', '2606:4700::1111'])(
    '%s is public',
    (address) => expect(isPublic(address)).toBe(true),
  )

  test.each([
    '0.0.0.0',
    '10.255.255.255',
    '100.64.0.0',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.255',
    '169.254.169.254',
    '172.16.0.0',
    '172.31.255.255',
    '192.168.0.1',
    '198.19.255.255',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:8.8.8.8',
    '::8.8.8.8',
    '64:ff9b::808:808',
    '64:ff9b:1::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '100::1',
    '',
    'localhost',
    '1.1.1',
    '0x7f000001',
  ])('%j is not', (address) => expect(isPublic(address)).toBe(false))

  test('of a private IPv4 network is none in any spelling of IPv6 either', () => {
    const octet = fc.nat(255)
    fc.assert(
      fc.property(fc.constantFrom('10', '127', '0'), octet, octet, octet, (first, b, c, d) => {
        const [high, low] = [Number(first) * 256 + b, c * 256 + d].map((group) => group.toString(16))
        const spellings = [`${first}.${b}.${c}.${d}`, `::ffff:${first}.${b}.${c}.${d}`, `::ffff:${high}:${low}`]
        for (const address of [...spellings, `2002:${high}:${low}::1`, `64:ff9b::${high}:${low}`]) {
          expect(isPublic(address)).toBe(false)
        }
      }),
    )
  })
})

test.each(['https://localhost', 'https://127.1', 'https://[::1]', 'https://[::ffff:127.0.0.1]', 'https://2130706433'])(
  'nothing is asked of %s',
  async (url) => {
    await expect(fetchDocument(new URL(url), false)).rejects.toBeInstanceOf(PrivateAddressError)
  },
)

test('an answer that switches to another protocol fails, and nothing waits for it', async () => {
  const server = createServer((socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  try {
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    await expect(fetchDocument(url, true)).rejects.toThrow('status 101')
  } finally {
    server.close()
  }
})

/** A DNS server on loopback (RFC 1035 §4.1) that answers with these addresses of each name. */
async function serveNames(addressesOf: (name: string) => readonly string[] | Promise<readonly string[]>) {
  const socket = createSocket('udp4')
  const asked = new Set<string>()
  socket.on('message', (query, { port, address }) => {
    void answer(query).then((message) => socket.send(message, port, address))
  })
  async function answer(query: Buffer): Promise<Buffer> {
    const end = query.indexOf(0, 12) + 5
    const name = query.toString('latin1', 12, end - 5).replaceAll(/[^a-z\d-]+/g, '.')
    asked.add(name)
    const family = query.readUInt16BE(end - 4) === 1 ? 4 : 6
    const addresses = (await addressesOf(name)).filter((each) => isIP(each) === family)
    const head = Buffer.from([query[0] ?? 0, query[1] ?? 0, 0x81, 0x80, 0, 1, 0, addresses.length, 0, 0, 0, 0])
    const answers = addresses.map((each) => {
      const bytes = family === 4 ? each.split('.').map(Number) : bytesOf(each)
      return Buffer.from([0xc0, 12, 0, family === 4 ? 1 : 28, 0, 1, 0, 0, 0, 60, 0, bytes.length, ...bytes])
    })
    return Buffer.concat([head, query.subarray(12, end), ...answers])
  }
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done))
  return { servers: [`127.0.0.1:${socket.address().port}`], asked, close: () => socket.close() }
}

/** Of an address with one `::`. */
function bytesOf(address: string): readonly number[] {
  const [left = [], right = []] = address.split('::').map((half) => half.split(':').filter(Boolean))
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right]
  return groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
}

test.each([
  ['a private address', ['10.0.0.1']],
  ['a private address behind a public one', ['1.1.1.1', '127.0.0.1']],
  ['a private address of IPv6 beside a public one of IPv4', ['1.1.1.1', 'fd00::1']],
  ['an address of IPv4 in IPv6', ['::ffff:0101:0101']],
])('nothing is asked of a name with %s', async (_what, addresses) => {
  const names = await serveNames(() => addresses)
  try {
    const fetched = fetchDocument(new URL('https://ci.example'), false, names.servers)
    await expect(fetched).rejects.toBeInstanceOf(PrivateAddressError)
  } finally {
    names.close()
  }
})

test('names whose DNS servers are silent keep no other name waiting', async () => {
  const { promise: silence, resolve: end } = Promise.withResolvers<readonly string[]>()
  const names = await serveNames((name) => (name.includes('silent') ? silence : ['10.0.0.1']))
  try {
    const fetchName = (name: string) => fetchDocument(new URL(`https://${name}`), false, names.servers)
    const waiting = Array.from({ length: 16 }, (_, at) => fetchName(`silent${at}.example`))
    const settled = Promise.allSettled(waiting)
    await expect.poll(() => names.asked.size).toBe(16)
    await expect(fetchName('ci.example')).rejects.toBeInstanceOf(PrivateAddressError)
    end(['10.0.0.1'])
    await settled
  } finally {
    names.close()
  }
})
