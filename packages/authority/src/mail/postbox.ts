// Sends mail through the outbox: after the commit, and again until a mail server takes or refuses it.
import { setTimeout as pause } from 'node:timers/promises'

import type { Keyring } from '../domain/keyring.ts'
import type { Mail, Mailer, Postbox } from '../domain/mail.ts'
import { claimTime, renewalTime, retryAfter, type OutboxTask } from '../domain/outbox.ts'
import { Secret } from '../domain/secret.ts'
import type { ReadTransaction, Store, Transaction } from '../domain/store.ts'

/** The sealed content: a mail contains a link that lets somebody in. */
interface Letter {
  readonly mail: Mail
  /** Identifies a second copy. */
  readonly key: string
  readonly requestId: string
  /** Of the code in its link, in hex; absent if it has none. */
  readonly codeHash?: string
}

export interface RunningPostbox extends Postbox {
  /** Sends the mail of a claimed task. */
  deliver(task: OutboxTask): Promise<void>
  /** Waits a few seconds for the tries under way, then cancels them. The next start repeats them. */
  stop(): Promise<void>
}

/** `now` in milliseconds since 1970. */
export function createPostbox(options: {
  readonly store: Pick<Store, 'read' | 'write'>
  readonly keyring: Pick<Keyring, 'sealMail' | 'openMail'>
  readonly mailer: Mailer
  /** Whether the code with this hash is valid at `now`. */
  readonly isGood: (tx: ReadTransaction, codeHash: Uint8Array, now: number) => Promise<boolean>
  readonly now: () => number
  readonly randomBytes: (length: number) => Uint8Array
  /** Milliseconds between two renewals of a claim; 30,000 by default. */
  readonly renewal?: number
}): RunningPostbox {
  const { store, keyring, mailer, isGood, now, randomBytes, renewal = renewalTime } = options
  const underWay = new Set<Promise<boolean>>()
  const stopping = new AbortController()

  function hand(...letter: Parameters<typeof tryOnce>): Promise<boolean> {
    const trying = tryOnce(...letter).finally(() => underWay.delete(trying))
    underWay.add(trying)
    return trying
  }

  async function tryOnce(letter: Letter, id: number, tries: number, late: () => void): Promise<boolean> {
    const { mail, codeHash, key, requestId } = letter
    // A code can end in many ways, and not all of them touch its row: the person who invited may have lost their role.
    const isWanted = async () =>
      codeHash === undefined || store.read((tx) => isGood(tx, Buffer.from(codeHash, 'hex'), now()))
    const about = { requestId, key, isWanted, late, signal: stopping.signal }
    const outcome = (await isWanted()) ? await whileClaimed(id, () => mailer.send(mail, about)) : 'unwanted'
    await store.write((tx) =>
      outcome === 'failed' ? tx.outbox.postpone(id, now() + retryAfter(tries)) : tx.outbox.delete(id),
    )
    return outcome === 'taken'
  }

  /** Renews the claim until `work` has ended. */
  async function whileClaimed<T>(id: number, work: () => Promise<T>): Promise<T> {
    const over = new AbortController()
    const renewing = (async () => {
      while (await pause(renewal, true, { signal: over.signal }).catch(() => false)) {
        // If one renewal fails, the next may succeed.
        await store.write((tx) => tx.outbox.postpone(id, now() + claimTime)).catch(() => undefined)
      }
    })()
    try {
      return await work()
    } finally {
      over.abort()
      // A renewal that came later would undo what is written next.
      await renewing
    }
  }

  function put(tx: Transaction, letter: Letter, dueAt: number, expiresAt: number): Promise<number | undefined> {
    const payload = keyring.sealMail(new Secret(JSON.stringify(letter)))
    return tx.outbox.insert({ kind: 'mail', payload, dueAt, expiresAt })
  }

  const createKey = () => Buffer.from(randomBytes(16)).toString('hex')

  return {
    async post(tx, mail, { requestId, expiresAt, codeHash }) {
      const letter = { mail, key: createKey(), requestId, codeHash: Buffer.from(codeHash).toString('hex') }
      const id = await put(tx, letter, now() + claimTime, expiresAt)
      if (id === undefined) return undefined
      const send = () =>
        new Promise<boolean>((resolve) => {
          const isTaken = hand(letter, id, 0, () => resolve(false))
          isTaken.then(resolve, () => resolve(false))
        })
      return { id, send }
    },

    leave: async (tx, mail, expiresAt) =>
      (await put(tx, { mail, key: createKey(), requestId: '' }, now(), expiresAt)) !== undefined,

    async deliver({ id, payload, tries }) {
      const letter = keyring.openMail(payload)
      // Sealed under another root key: nobody can ever read it.
      if (letter === undefined) await store.write((tx) => tx.outbox.delete(id))
      else await hand(JSON.parse(letter.reveal()) as Letter, id, tries, () => {})
    },

    async stop() {
      const breakOff = setTimeout(() => stopping.abort(), grace)
      await Promise.allSettled(underWay)
      clearTimeout(breakOff)
      stopping.abort()
    },
  }
}

/** Milliseconds. Most servers answer within them; a mail that is cancelled before its answer is sent twice. */
const grace = 3_000
