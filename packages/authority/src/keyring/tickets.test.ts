// The keyring makes and opens tickets and discharges.
import { randomBytes } from 'node:crypto'

import { actions, decodeMacaroon, parseAuthorization, ticketsOf, tokenId, type Macaroon } from '@hallpass/macaroon'
import { describe, expect, it } from 'vitest'

import { caveatsOfDemand, readDemand, type Demand } from '../domain/discharge.ts'
import type { Secret } from '../domain/secret.ts'
import { createKeyring } from './keyring.ts'
import { RootKey } from './root-key.ts'

const location = 'https://api.fly.io/v1'
const third = 'http://127.0.0.1:4280/aaa/v1'
const caveats = [{ type: 'Organization', id: 7n, mask: actions.any }, { type: 'IsMember' }] as const

const root = randomBytes(32)
const keyring = createKeyring(new RootKey(root), location)
const ticketKey = keyring.createTicketKey()

function decode(token: Secret): Macaroon {
  const [bytes] = parseAuthorization(token.reveal()).macaroons
  if (bytes === undefined) throw new Error('this holds no macaroon')
  return decodeMacaroon(bytes)
}

function mintAsking(): { readonly id: string; readonly macaroon: Macaroon; readonly ticket: Uint8Array } {
  const { id, token } = keyring.mint(key, caveats, {
    ticketKey,
    location: third,
    demands: (made) => caveatsOfDemand({ ...demand, tokenId: made }),
  })
  const macaroon = decode(token)
  const [ticket = new Uint8Array()] = ticketsOf(macaroon).get(third) ?? []
  return { id, macaroon, ticket }
}

const key = keyring.createSigningKey(7, 0)
const demand: Omit<Demand, 'tokenId'> = { userId: 3, organisationId: 7, how: 'login', seconds: 600 }

describe('the keyring', () => {
  it('mints a token that needs a discharge; the ticket has the id of the token', () => {
    const { id, macaroon, ticket } = mintAsking()
    expect(id).toBe(tokenId(macaroon.nonce))
    expect(macaroon.unsafeCaveats.map(({ type }) => type)).toEqual(['Organization', 'IsMember', '3P'])
    expect(readDemand(keyring.openTicket(ticketKey, ticket) ?? [])).toEqual({ ...demand, tokenId: id })
    expect(() => keyring.verify(key, macaroon, [])).toThrow('none came with it')
  })

  it('makes a final discharge for this token and no other', () => {
    const { macaroon, ticket } = mintAsking()
    const window = { type: 'ValidityWindow', notBefore: 1n, notAfter: 2n } as const
    const discharge = decode(keyring.discharge(ticketKey, ticket, third, [window]))
    expect(discharge).toMatchObject({ location: third, nonce: { proof: true } })
    expect(keyring.verify(key, macaroon, [discharge]).caveats).toEqual([...caveats, window])
    expect(() => keyring.verify(key, mintAsking().macaroon, [discharge])).toThrow('none came with it')
  })

  it('derives the same name from the same text, and another from another text or key', () => {
    const name = keyring.deriveName(ticketKey, 'a').reveal()
    expect(name).toMatch(/^[\w-]{43}$/)
    expect(keyring.deriveName(ticketKey, 'a').reveal()).toBe(name)
    expect(keyring.deriveName(ticketKey, 'b').reveal()).not.toBe(name)
    expect(keyring.deriveName(keyring.createTicketKey(), 'a').reveal()).not.toBe(name)
  })

  it('opens no ticket of another key, and no changed ticket', () => {
    const { ticket } = mintAsking()
    expect(keyring.openTicket(keyring.createTicketKey(), ticket)).toBeUndefined()
    for (let position = 0; position < ticket.length; position += 1) {
      const changed = Uint8Array.from(ticket)
      changed[position] = (changed[position] ?? 0) ^ 1
      expect(keyring.openTicket(ticketKey, changed)).toBeUndefined()
    }
    expect(keyring.openTicket(ticketKey, new Uint8Array())).toBeUndefined()
  })

  it('accepts no ticket key that was wrapped under another root key, and no signing key', () => {
    const { ticket } = mintAsking()
    const stranger = createKeyring(new RootKey(randomBytes(32)), location)
    expect(() => stranger.openTicket(ticketKey, ticket)).toThrow('cannot be unwrapped')
    expect(() => keyring.openTicket(key.wrapped, ticket)).toThrow('cannot be unwrapped')
    expect(() => keyring.verify({ ...key, wrapped: ticketKey }, mintAsking().macaroon, [])).toThrow()
    const again = createKeyring(new RootKey(root), location)
    expect(again.openTicket(ticketKey, ticket)).toEqual(keyring.openTicket(ticketKey, ticket))
  })
})
