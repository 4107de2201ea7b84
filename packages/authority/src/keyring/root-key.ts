// The root key: 32 bytes from the environment or a file, under which every signing key is wrapped.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { StartupError } from '../domain/errors.ts'
import type { Secret } from '../domain/secret.ts'

const keyLength = 32
const nonceLength = 12
const tagLength = 16
const formatVersion = 1

export class RootKey {
  readonly #key: Uint8Array

  /** @throws StartupError where `key` is not 32 bytes */
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

  /** Opens what `wrap` sealed under the same key and context; undefined where it was not. */
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
}

/**
 * The root key of `HALLPASS_ROOT_KEY` where it is given (32 bytes as base64 or hex), or of `root.key` in the data
 * directory, which is made with mode 0600 on the first start.
 * @throws StartupError `root_key_invalid`, without the key in it
 */
export async function loadRootKey(options: {
  readonly environment: Secret | undefined
  readonly dataDirectory: string
}): Promise<RootKey> {
  if (options.environment !== undefined) {
    return new RootKey(parseRootKey(options.environment.reveal(), 'HALLPASS_ROOT_KEY'))
  }
  const path = join(options.dataDirectory, 'root.key')
  return new RootKey(parseRootKey(await readOrCreate(path), path))
}

function parseRootKey(text: string, source: string): Uint8Array {
  const trimmed = text.trim()
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) return Buffer.from(trimmed, 'hex')
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return Buffer.from(trimmed, 'base64')
  throw new StartupError(
    'root_key_invalid',
    `${source} holds no root key: it takes 32 bytes as base64 (44 characters) or hex (64 characters). ` +
      'Make one with "openssl rand -base64 32".',
  )
}

async function readOrCreate(path: string): Promise<string> {
  try {
    return await readPrivate(path)
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
  }
  // Written whole under another name and linked into place: a crash leaves no half key, and of two starts one wins.
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(`${randomBytes(keyLength).toString('base64')}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(draft, path)
    await chmod(path, 0o600)
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error
  } finally {
    await rm(draft, { force: true })
  }
  return readPrivate(path)
}

async function readPrivate(path: string): Promise<string> {
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) {
    throw new StartupError(
      'root_key_invalid',
      `${path} can be read by others (mode ${(mode & 0o777).toString(8)}): run "chmod 600 ${path}".`,
    )
  }
  return readFile(path, 'utf8')
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
