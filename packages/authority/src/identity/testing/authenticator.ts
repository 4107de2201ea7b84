// A software authenticator: makes passkeys and answers as in WebAuthn §6, or wrongly if a test asks for it.
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

/** What a test can make the page or the authenticator get wrong. */
export interface Lies {
  readonly origin?: string
  readonly rpId?: string
  readonly challenge?: string
  readonly type?: string
  readonly crossOrigin?: boolean
  readonly counter?: number
  /** User present and verified. */
  readonly flags?: number
  readonly userHandle?: string | undefined
  readonly signedBy?: KeyObject
  /** Replaces the empty "none" statement. */
  readonly attestation?: Uint8Array
}

export interface Authenticator {
  readonly credentialId: string
  /** The RegistrationResponseJSON for these creation options. */
  create(options: Readonly<Record<string, unknown>>, lies?: Lies): CreationJson
  /** The AuthenticationResponseJSON for these request options. */
  get(options: Readonly<Record<string, unknown>>, lies?: Lies): AssertionJson
}

export type CreationJson = ReturnType<typeof answerCreation>
export type AssertionJson = ReturnType<typeof answerAssertion>

/** One passkey, for pages of this origin. */
export function createAuthenticator(origin: string): Authenticator {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const credential: Credential = { origin, id: randomBytes(32), key: coseOf(publicKey), privateKey }
  let userHandle: string | undefined
  let counter = 0
  return {
    credentialId: credential.id.toString('base64url'),
    create(options, lies = {}) {
      const { user } = options as { readonly user?: { readonly id: string } }
      userHandle = user?.id
      return answerCreation(credential, String(options['challenge']), rpIdOf(options), lies)
    },
    get(options, lies = {}) {
      counter += 1
      return answerAssertion(credential, String(options['challenge']), rpIdOf(options), {
        counter,
        userHandle,
        ...lies,
      })
    },
  }
}

interface Credential {
  readonly origin: string
  readonly id: Buffer
  readonly key: Buffer
  readonly privateKey: KeyObject
}

const present = 0x01
const verified = 0x04
const attested = 0x40

function answerCreation({ origin, id, key }: Credential, challenge: string, rpId: string, lies: Lies) {
  const credential = Buffer.concat([Buffer.alloc(16), Buffer.from([id.length >> 8, id.length & 0xff]), id, key])
  const data = authenticatorData(rpId, { counter: 0, ...lies, flags: (lies.flags ?? present | verified) | attested })
  const authData = cborBytes(Buffer.concat([data, credential]))
  const statement = lies.attestation ?? Buffer.concat([cborText('fmt'), cborText('none'), cborText('attStmt'), map(0)])
  const attestationObject = Buffer.concat([map(3), statement, cborText('authData'), authData])
  return {
    id: id.toString('base64url'),
    rawId: id.toString('base64url'),
    type: 'public-key',
    response: {
      clientDataJSON: clientData(origin, challenge, 'webauthn.create', lies).toString('base64url'),
      attestationObject: attestationObject.toString('base64url'),
      transports: ['internal', 'hybrid'],
    },
    clientExtensionResults: { credProps: { rk: true } },
    authenticatorAttachment: 'platform',
  }
}

function answerAssertion({ origin, id, privateKey }: Credential, challenge: string, rpId: string, lies: Lies) {
  const authenticator = authenticatorData(rpId, { counter: 0, ...lies, flags: lies.flags ?? present | verified })
  const client = clientData(origin, challenge, 'webauthn.get', lies)
  const signed = Buffer.concat([authenticator, createHash('sha256').update(client).digest()])
  return {
    id: id.toString('base64url'),
    rawId: id.toString('base64url'),
    type: 'public-key',
    response: {
      clientDataJSON: client.toString('base64url'),
      authenticatorData: authenticator.toString('base64url'),
      signature: sign('sha256', signed, lies.signedBy ?? privateKey).toString('base64url'),
      userHandle: lies.userHandle,
    },
    clientExtensionResults: {},
  }
}

function rpIdOf(options: Readonly<Record<string, unknown>>): string {
  const { rp, rpId } = options as { readonly rp?: { readonly id: string }; readonly rpId?: string }
  return rpId ?? rp?.id ?? ''
}

function clientData(origin: string, challenge: string, type: string, lies: Lies): Buffer {
  const { crossOrigin = false } = lies
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin, ...pick(lies) }))
}

function pick({ type, challenge, origin }: Lies) {
  return Object.fromEntries(Object.entries({ type, challenge, origin }).filter(([, value]) => value !== undefined))
}

function authenticatorData(rpId: string, { rpId: other, counter = 0, flags = 0 }: Lies): Buffer {
  const hash = createHash('sha256')
    .update(other ?? rpId)
    .digest()
  const count = Buffer.alloc(4)
  count.writeUInt32BE(counter)
  return Buffer.concat([hash, Buffer.from([flags]), count])
}

/** COSE_Key of ES256 (RFC 9053 §7.1): {1: 2, 3: -7, -1: 1, -2: x, -3: y}. */
function coseOf(publicKey: KeyObject): Buffer {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  return Buffer.concat([
    Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]),
    cborBytes(Buffer.from(x, 'base64url')),
    Buffer.from([0x22]),
    cborBytes(Buffer.from(y, 'base64url')),
  ])
}

// RFC 8949 §3: only the part of CBOR that an attestation object needs.
export function cborText(text: string): Buffer {
  return Buffer.concat([head(0x60, text.length), Buffer.from(text)])
}

export function cborBytes(bytes: Uint8Array): Buffer {
  return Buffer.concat([head(0x40, bytes.length), bytes])
}

function map(size: number): Buffer {
  return head(0xa0, size)
}

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([major | value])
  return value < 256 ? Buffer.from([major | 24, value]) : Buffer.from([major | 25, value >> 8, value & 0xff])
}
