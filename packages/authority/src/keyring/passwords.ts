// Hashes passwords with argon2id, a limited number at a time, because each costs 19 MiB and tens of milliseconds.
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

import { DomainError } from '../domain/errors.ts'
import type { PasswordHasher } from '../domain/keyring.ts'
import { createFairQueue, type Turn } from '../domain/fair-queue.ts'

// OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane.
const usualCost: PasswordCost = { memory: 19_456, passes: 2 }
const saltLength = 16
const tagLength = 32
const atOnce = 2
const longestQueue = 64

const derive = promisify(argon2)

interface PasswordCost {
  /** KiB, at least 8. */
  readonly memory: number
  readonly passes: number
}

interface Parameters extends PasswordCost {
  readonly parallelism: number
  readonly salt: Uint8Array
  readonly tag: Uint8Array
}

/** @param hashCost what a new hash costs. One that is stored says itself what checking it costs. */
export function createPasswordHasher(hashCost = usualCost): PasswordHasher {
  const cost = { ...hashCost, parallelism: 1 }
  const queue = createFairQueue({
    atOnce,
    longest: longestQueue,
    refuse: () =>
      new DomainError('rate_limited', 'too many people are logging in at this moment: try again in 5 seconds', {
        retryAfter: 5,
      }),
  })
  // The hash for unknown users, so that their answer takes as long as for known ones.
  const nobody: Parameters = { ...cost, salt: randomBytes(saltLength), tag: randomBytes(tagLength) }

  async function compute(password: string, parameters: Omit<Parameters, 'tag'>): Promise<Uint8Array> {
    const { memory, passes, parallelism, salt } = parameters
    return derive('argon2id', { message: Buffer.from(password), nonce: salt, memory, passes, parallelism, tagLength })
  }

  return {
    async hash(password, lane) {
      const salt = randomBytes(saltLength)
      const turn: Turn = { lane, key: randomBytes(8).toString('hex') }
      const tag = await queue.run(turn, () => compute(password.reveal(), { ...cost, salt }))
      return format({ ...cost, salt, tag })
    },
    verify(password, hash, { lane, key, begin, end }) {
      return queue.run({ lane, key }, async () => {
        await begin?.()
        const expected = hash === undefined ? nobody : parse(hash)
        const tag = await compute(password.reveal(), expected)
        const right = timingSafeEqual(tag, expected.tag) && hash !== undefined
        await end?.(right)
        return right
      })
    },
  }
}

function format({ memory, passes, parallelism, salt, tag }: Parameters): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${encode(salt)}$${encode(tag)}`
}

function parse(hash: string): Parameters {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(hash)
  if (match === null) throw new Error('a stored password hash is not readable')
  const [, memory, passes, parallelism, salt = '', tag = ''] = match
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('=', '')
}
