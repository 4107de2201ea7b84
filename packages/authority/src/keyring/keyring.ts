// Mints and verifies under signing keys that are unwrapped here and never leave this room.
import { createHmac, hkdfSync, randomBytes } from 'node:crypto'

import {
  MacaroonError,
  attenuate,
  dischargeTicket,
  mintMacaroon,
  openTicket,
  thirdParty,
  verify,
  type Macaroon,
} from '@hallpass/macaroon'
import {
  authorizationOf,
  caveatBytesOf,
  endOfMacaroon,
  formatTokens,
  scopeOf,
  scopeOfMacaroon,
  tailDigests,
  tokenIdsOf,
} from '@hallpass/macaroon/internal'

import { ticketVocabulary } from '../domain/discharge.ts'
import { DomainError, StartupError } from '../domain/errors.ts'
import { kidLength, textOfKid, type WrappedSigningKey } from '../domain/key.ts'
import type { Keyring, SecretPlace, TicketOrder } from '../domain/keyring.ts'
import { Secret } from '../domain/secret.ts'
import { createAssertions } from './assertions.ts'
import { RootKey } from './root-key.ts'

const keyLength = 32
const nonceLength = 16
const noncesAtOnce = 256
const mostUnwrappedKeys = 10_000
const rootKeyProof = 'hallpass'
const ticketKeyContext = 'ticket key'
const setupCodeContext = 'setup code'
const mailContext = 'mail'
const digestLength = 16

/** A keyring under `rootKey`; `location` is the identifier of permission tokens. */
export function createKeyring(rootKey: RootKey, location: string): Keyring {
  const unwrapped = new Map<string, Unwrapped>()
  const hiding = rootKey.derive('hidden names')

  /** The raw key; undefined if the row is damaged or was moved between organisations. */
  function unwrap({ kid, organisationId, wrapped }: WrappedSigningKey): Unwrapped | undefined {
    const name = textOfKid(kid)
    const known = unwrapped.get(name)
    if (known?.organisationId === organisationId) return known
    const key = rootKey.unwrap(wrapped, contextOf(kid, organisationId))
    if (key === undefined) return undefined
    if (unwrapped.size >= mostUnwrappedKeys) unwrapped.clear()
    const found = { organisationId, key, tokenIdOf: tokenIdsOf(kid) }
    unwrapped.set(name, found)
    return found
  }

  /** The raw key of an organisation, to sign with. */
  function expectOwnKey(wrapped: WrappedSigningKey): Unwrapped {
    const found = unwrap(wrapped)
    if (found !== undefined) return found
    throw new Error(`a key of organization ${wrapped.organisationId} cannot be unwrapped`)
  }

  function demandOf({ ticketKey, location: at, demands }: TicketOrder, id: string) {
    const input = { key: unwrapTicketKey(ticketKey), location: at, caveats: demands(id), random: randomBytes }
    return thirdParty(input, { vocabulary: ticketVocabulary })
  }

  function unwrapTicketKey(wrapped: Uint8Array): Uint8Array {
    const key = rootKey.unwrap(wrapped, ticketKeyContext)
    if (key === undefined) throw new Error('the ticket key cannot be unwrapped')
    return key
  }

  function expectKey(wrapped: WrappedSigningKey): Uint8Array {
    const found = unwrap(wrapped)
    if (found !== undefined) return found.key
    throw new DomainError('unauthenticated', 'this token is signed with a key that cannot be opened here')
  }

  /** Derived, so that what is signed and what is sealed have no key in common. */
  function secretKeysOf(wrapped: WrappedSigningKey) {
    const { key } = expectOwnKey(wrapped)
    const derive = (purpose: string) => new Uint8Array(hkdfSync('sha256', key, '', purpose, keyLength))
    return { sealing: new RootKey(derive('secrets of apps')), digesting: derive('digests of secrets of apps') }
  }

  const seal = (text: Secret, context: string) => rootKey.wrap(Buffer.from(text.reveal()), context)
  function open(sealed: Uint8Array, context: string): Secret | undefined {
    const text = rootKey.unwrap(sealed, context)
    return text && new Secret(Buffer.from(text).toString())
  }

  /** Drawn for many tokens at once, which costs less. They may stay in memory: a nonce is no secret, its token carries it. */
  let nonces = Buffer.alloc(0)
  let drawn = 0
  function drawNonce(): Uint8Array {
    if (drawn === nonces.length) {
      nonces = randomBytes(nonceLength * noncesAtOnce)
      drawn = 0
    }
    return nonces.subarray(drawn, (drawn += nonceLength))
  }

  return {
    createSigningKey(organisationId, now) {
      const kid = randomBytes(kidLength)
      const wrapped = rootKey.wrap(randomBytes(keyLength), contextOf(kid, organisationId))
      return { kid, organisationId, wrapped, createdAt: now }
    },

    mint(wrapped, caveats, order) {
      const { key, tokenIdOf } = expectOwnKey(wrapped)
      const rnd = drawNonce()
      const macaroon = mintMacaroon({ kid: wrapped.kid, rnd, location, key, caveats })
      const id = tokenIdOf(rnd)
      const minted = order === undefined ? macaroon : attenuate(macaroon, [demandOf(order, id)])
      return {
        id,
        token: new Secret(authorizationOf(minted)),
        caveats: caveatBytesOf(minted),
        end: endOfMacaroon(macaroon),
        isOfOrganisation: isAbout(macaroon, wrapped.organisationId),
      }
    },

    verify(key, macaroon, discharges, spend) {
      const signingKey = expectKey(key)
      const options = spend === undefined ? { discharges } : { discharges, spend }
      const { verified, organisation } = refusing(() => {
        const found = verify(macaroon, signingKey, options)
        return { verified: found, organisation: scopeOf(found) }
      })
      if (organisation === BigInt(key.organisationId)) return verified
      throw new DomainError('unauthenticated', 'this token names an organization that its key does not belong to')
    },

    tailDigests(key, macaroon, from) {
      const signingKey = expectKey(key)
      return refusing(() => tailDigests(macaroon, signingKey, from))
    },

    sealSetupCode: (code) => seal(code, setupCodeContext),
    openSetupCode: (sealed) => open(sealed, setupCodeContext),
    sealMail: (mail) => seal(mail, mailContext),
    openMail: (sealed) => open(sealed, mailContext),

    sealSecret(wrapped, place, value) {
      const { sealing, digesting } = secretKeysOf(wrapped)
      const text = value.reveal()
      const digest = createHmac('sha256', digesting).update(`${place.appId} ${place.name} ${text}`).digest('hex')
      const sealed = Buffer.concat([wrapped.kid, sealing.wrap(Buffer.from(text), placeOf(place))])
      return { sealed, digest: digest.slice(0, digestLength) }
    },
    openSecret(wrapped, place, sealed) {
      const text = secretKeysOf(wrapped).sealing.unwrap(sealed.subarray(kidLength), placeOf(place))
      return text && new Secret(Buffer.from(text).toString())
    },

    createTicketKey: () => rootKey.wrap(randomBytes(keyLength), ticketKeyContext),

    openTicket(ticketKey, ticket) {
      try {
        return openTicket(unwrapTicketKey(ticketKey), ticket, { vocabulary: ticketVocabulary }).caveats
      } catch (error) {
        if (error instanceof MacaroonError && error.code !== 'bad-argument') return undefined
        throw error
      }
    },

    hideName: (name) => new Uint8Array(createHmac('sha256', hiding).update(name).digest()),

    deriveName(ticketKey, text) {
      const key = hkdfSync('sha256', unwrapTicketKey(ticketKey), '', 'names of discharge requests', keyLength)
      return new Secret(createHmac('sha256', new Uint8Array(key)).update(text).digest('base64url'))
    },

    ...createAssertions(rootKey),

    discharge(ticketKey, ticket, at, caveats) {
      const key = unwrapTicketKey(ticketKey)
      const input = { key, ticket, location: at, rnd: randomBytes(nonceLength), caveats }
      return new Secret(formatTokens([dischargeTicket(input, { vocabulary: ticketVocabulary }).bytes]))
    },
  }
}

/** An unwrapped signing key. */
interface Unwrapped {
  readonly organisationId: number
  readonly key: Uint8Array
  /** The id of the token with this nonce. */
  readonly tokenIdOf: (rnd: Uint8Array) => string
}

/** Whether its caveats name the organisation, and contradict it nowhere. */
function isAbout(macaroon: Macaroon, organisationId: number): boolean {
  try {
    return scopeOfMacaroon(macaroon) === BigInt(organisationId)
  } catch (error) {
    if (error instanceof MacaroonError) return false
    throw error
  }
}

function refusing<Found>(find: () => Found): Found {
  try {
    return find()
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
    const sentence = error.code === 'forged' ? 'is not genuine' : 'is refused'
    throw new DomainError('unauthenticated', `this token ${sentence}: ${error.message}`, { cause: error })
  }
}

/** The proof to store, which recognizes the root key later. */
export function proveRootKey(rootKey: RootKey): string {
  return Buffer.from(rootKey.wrap(Buffer.from(rootKeyProof), 'root key')).toString('base64')
}

/** @throws StartupError `root_key_mismatch` if the proof was made under another root key */
export function checkRootKey(rootKey: RootKey, proof: string): void {
  const opened = rootKey.unwrap(Buffer.from(proof, 'base64'), 'root key')
  if (opened === undefined || Buffer.from(opened).toString() !== rootKeyProof) {
    throw new StartupError(
      'root_key_mismatch',
      'This database was made under another root key. Give HALLPASS_ROOT_KEY, or put back the root.key that it was made with.',
    )
  }
}

function placeOf({ appId, name }: SecretPlace): string {
  return `secret ${name} of app ${appId}`
}

/** Binds a wrapped key to its id and its organisation. */
function contextOf(kid: Uint8Array, organisationId: number): string {
  return `signing key ${Buffer.from(kid).toString('hex')} of organisation ${organisationId}`
}
