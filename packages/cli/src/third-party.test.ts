// `tokens 3p` as people run it: the real entry in a child process.
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import {
  actions,
  attenuate,
  clear,
  decodeMacaroon,
  dischargeTicket,
  parseAuthorization,
  parseBundle,
  thirdParty,
  ticketsOf,
  verify,
} from '@hallpass/macaroon'
import { describe, expect, it } from 'vitest'

import { preparePlace, prepareServer } from './testing/hallpass.ts'
import { auth, header, key, org, permission, stray, tokensOf } from './testing/tokens.ts'

const shared = new Uint8Array(32).fill(9)
const secret = Buffer.from(shared).toString('base64')
const repeated = (length: number) => new Uint8Array(length).fill(5)
const macaroonsOf = (text: string) => parseAuthorization(text).macaroons.map((bytes) => decodeMacaroon(bytes))

const server = prepareServer()
const place = preparePlace()

const tokens = tokensOf(place, server)

describe('tokens 3p', () => {
  const environment = { TOKEN_3P_SHARED_SECRET: secret }

  it('adds, hands over the ticket, discharges, and puts the discharge behind', async () => {
    server.answer(() => undefined)
    const bundle = header(org, stray)
    const added = await tokens(['3p', 'add', '-l', auth], '', { ...environment, HALLPASS_API_TOKEN: bundle })
    expect(added).toMatchObject({ code: 0, stderr: '' })
    const [first, demanding] = macaroonsOf(added.stdout)
    expect(first?.bytes).toEqual(stray.bytes)
    expect(demanding?.unsafeCaveats.at(-1)).toMatchObject({ type: '3P', location: auth })

    const held = { ...environment, HALLPASS_API_TOKEN: added.stdout.trim() }
    const ticket = await tokens(['third-party', 'ticket', '-l', auth], '', held)
    expect(ticket.stdout).toMatch(/^[A-Za-z0-9+/]+={0,2}\n$/)
    await writeFile(join(place.directory, 'secret'), `${secret}\n`)
    const discharge = await tokens(['3p', 'discharge', '-l', auth, '--ticket', ticket.stdout.trim(), '-s', 'secret'])
    expect(discharge.stdout).toMatch(/^[A-Za-z0-9+/]+={0,2}\n$/)
    const both = await tokens(['3p', 'add-discharge', '-d', discharge.stdout.trim()], '', held)
    expect(both).toMatchObject({ code: 0, stderr: '' })
    expect(both.stdout).toBe(`${header(demanding ?? stray, stray)},fm2_${discharge.stdout}`)

    const { permissions } = parseBundle(both.stdout, { location: permission })
    const [demanded] = permissions
    expect(permissions).toHaveLength(1)
    const verified = verify(demanded?.macaroon ?? org, key, { discharges: demanded?.discharges ?? [] })
    expect(clear(verified, [{ orgId: 2n, action: actions.write, now: 0 }])).toEqual({ allowed: true })
    expect(server.seen).toEqual([])
    const explained = await tokens(['explain', '--offline', '-'], both.stdout)
    expect(explained.stdout).not.toContain('It needs')
  })

  it('drops what has ended wherever it writes, and explains by what holds', async () => {
    const demanding = attenuate(org, [thirdParty({ key: shared, location: auth, random: repeated })])
    const [ticket = new Uint8Array(0)] = ticketsOf(demanding).get(auth) ?? []
    const until = (notAfter: bigint, rnd: number) =>
      dischargeTicket({
        key: shared,
        ticket,
        location: auth,
        rnd: repeated(16).fill(rnd),
        caveats: [{ type: 'ValidityWindow', notBefore: 0n, notAfter }],
      })
    const [ended, fresh] = [until(1_700_000_000n, 1), until(9_000_000_000n, 2)]
    const bytesOf = (text: string) => macaroonsOf(text).map(({ bytes }) => bytes)
    const added = await tokens(['3p', 'add-discharge', '-d', header(fresh), '-'], header(demanding, ended))
    expect(bytesOf(added.stdout)).toEqual([demanding.bytes, fresh.bytes])
    const all = header(demanding, ended, fresh)
    expect(bytesOf((await tokens(['attenuate', '--read-only', '-'], all)).stdout).slice(1)).toEqual([fresh.bytes])
    expect(bytesOf((await tokens(['3p', 'fetch', '-'], all)).stdout)).toEqual([demanding.bytes, fresh.bytes])
    expect(bytesOf((await tokens(['3p', 'add', '-l', 'https://b.example', '-S', secret, '-'], all)).stdout)[0]).toEqual(
      fresh.bytes,
    )
    const explained = await tokens(['explain', '--offline', '-'], all)
    expect(explained.stdout).toContain('It ends at 2255-')
    expect(explained.stdout).not.toContain('ended')
  })

  it('takes one third party once, and warns of secrets in arguments and discharges for nobody', async () => {
    const once = await tokens(['3p', 'add', '-l', auth, '-S', secret])
    expect(once.stderr).toMatch(/^Warning: every program here can read --secret/)
    expect(once.stderr).not.toContain(secret)
    const twice = await tokens(['3p', 'add', '-l', auth, '-'], once.stdout, environment)
    expect(twice).toMatchObject({ code: 1, stdout: '' })
    const strange = await tokens(['3p', 'add-discharge', '-d', header(stray)])
    expect(strange).toMatchObject({ code: 0, stderr: 'Warning: nothing in the token asks for this discharge\n' })
  })

  it('puts no permission token beside a token, which would be wider than it', async () => {
    const { stdout } = await tokens(['3p', 'add', '-l', auth], '', environment)
    for (const given of [stdout.trim(), stdout.trim().replace('FlyV1 fm2_', '')]) {
      const outcome = await tokens(['3p', 'add-discharge', '-d', given])
      expect(outcome).toMatchObject({ code: 2, stdout: '' })
      expect(outcome.stderr).toContain('is a permission token, and not a discharge')
    }
  })

  it('discharges no ticket that demands something', async () => {
    const demanding = thirdParty({
      key: shared,
      location: auth,
      caveats: [{ type: 'ConfineUser', id: 5n }],
      random: (length) => new Uint8Array(length).fill(5),
    })
    const ticket = Buffer.from(demanding.ticket).toString('base64')
    const outcome = await tokens(['3p', 'discharge', '-l', auth, '--ticket', ticket], '', environment)
    expect(outcome).toMatchObject({ code: 1, stdout: '' })
    expect(outcome.stderr).toContain('ConfineUser')
    const wrong = createHash('sha256').update('another secret').digest('base64')
    const sealed = await tokens(['3p', 'discharge', '-l', auth, '--ticket', ticket, '-S', wrong])
    expect(sealed.stderr).toContain('The ticket was not sealed with this key')
  })

  it.each<readonly [readonly string[], string | undefined, number, string]>([
    [['3p', 'add'], secret, 2, '--location'],
    [['3p', 'add', '-l', auth], undefined, 2, '--secret-file FILE or TOKEN_3P_SHARED_SECRET'],
    [['3p', 'add', '-l', auth], 'c2hvcnQ=', 2, 'should be 32 bytes, and it is 5'],
    [['3p', 'add', '-l', auth], 'not base64', 2, 'is not standard base64'],
    [['3p', 'ticket', '-l', auth], secret, 1, `asks for no discharge from ${auth}`],
    [['3p', 'discharge', '-l', auth], secret, 2, '--ticket'],
    [['3p', 'discharge', '-l', auth, '--ticket', '!'], secret, 2, 'the ticket is not standard base64'],
    [['3p', 'add-discharge'], secret, 2, '-d'],
    [['3p', 'add-discharge', '-d', 'AAAA'], secret, 1, 'Error: '],
  ])('refuses %j', async (words, variable, code, why) => {
    const outcome = await tokens(words, '', variable === undefined ? {} : { TOKEN_3P_SHARED_SECRET: variable })
    expect(outcome).toMatchObject({ code, stdout: '' })
    expect(outcome.stderr).toMatch(/^Error: .+\n$/)
    expect(outcome.stderr).toContain(why)
    expect(outcome.stderr).not.toContain(secret)
  })
})
