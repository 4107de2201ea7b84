// The root key: 32 bytes from the environment or a file. Every signing key is wrapped under it.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

import { StartupError } from '../domain/errors.ts'
import type { Secret } from '../domain/secret.ts'
import { createRootKeyFile, findRootKeyFile, type RootKeyFile } from './root-key-file.ts'

const keyLength = 32
const nonceLength = 12
const tagLength = 16
const formatVersion = 1

export class RootKey {
  readonly #key: Uint8Array

  /** @throws StartupError if `key` does not have 32 bytes */
  constructor(key: Uint8Array) {
    if (key.length !== keyLength) throw new StartupError('root_key_invalid', 'The root key is not 32 bytes.')
    this.#key = key
  }

  /** Seals `plain` with AES-256-GCM. Only the same `context` opens it again. */
  wrap(plain: Uint8Array, context: string): Uint8Array {
    const nonce = randomBytes(nonceLength)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(context))
    return Buffer.concat([
      Uint8Array.of(formatVersion),
      nonce,
      cipher.update(plain),
      cipher.final(),
      cipher.getAuthTag(),
    ])
  }

  /** Opens what `wrap` sealed under the same key and context; undefined for anything else. */
  unwrap(wrapped: Uint8Array, context: string): Uint8Array | undefined {
    if (wrapped[0] !== formatVersion || wrapped.length < 1 + nonceLength + tagLength) return undefined
    const nonce = wrapped.subarray(1, 1 + nonceLength)
    const sealed = wrapped.subarray(1 + nonceLength, -tagLength)
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: tagLength })
      .setAAD(Buffer.from(context))
      .setAuthTag(wrapped.subarray(-tagLength))
    try {
      return Buffer.concat([decipher.update(sealed), decipher.final()])
    } catch {
      return undefined
    }
  }

  /** Another key of 32 bytes, for this purpose alone: always the same one (RFC 5869). */
  derive(purpose: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#key, '', purpose, keyLength))
  }
}

/** Where to look for the root key: `HALLPASS_ROOT_KEY`, then `root.key` in the data directory. */
export interface RootKeyPlace {
  readonly environment: Secret | undefined
  readonly dataDirectory: string
}

export interface FoundRootKey {
  readonly key: RootKey
  /** Absent if the key comes from the environment. */
  readonly file?: RootKeyFile
}

/**
 * The root key from `HALLPASS_ROOT_KEY` (32 bytes as base64 or hex), or else from `root.key` in the data directory;
 * undefined if there is neither.
 * @throws StartupError `root_key_invalid`, without the key in it
 */
export async function findRootKey({ environment, dataDirectory }: RootKeyPlace): Promise<FoundRootKey | undefined> {
  if (environment !== undefined) return { key: parseRootKey(environment.reveal(), 'HALLPASS_ROOT_KEY') }
  const file = await findRootKeyFile(dataDirectory)
  return file && { key: parseRootKey(file.text, file.path), file }
}

/**
 * Makes a root key for a new database, as `root.key` in the data directory with mode 0600.
 * @throws StartupError as {@link findRootKey}
 */
export async function createRootKey(dataDirectory: string): Promise<FoundRootKey> {
  const file = await createRootKeyFile(dataDirectory, randomBytes(keyLength).toString('base64'))
  return { key: parseRootKey(file.text, file.path), file }
}

function parseRootKey(text: string, source: string): RootKey {
  const trimmed = text.trim()
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) return new RootKey(Buffer.from(trimmed, 'hex'))
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return new RootKey(Buffer.from(trimmed, 'base64'))
  throw new StartupError(
    'root_key_invalid',
    `${source} holds no root key: it needs 32 bytes as base64 (44 characters) or hex (64 characters). ` +
      'Give the one that the database was made with; for a new database, make one with "openssl rand -base64 32".',
  )
}
