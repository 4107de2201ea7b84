// Mail goes through the outbox: it is sent when what it says is durable, and again until a mail server takes it.
import type { Keyring } from '../domain/keyring.ts'
import type { Mail, Mailer, Postbox } from '../domain/mail.ts'
import { claimTime, retryAfter, type OutboxTask } from '../domain/outbox.ts'
import { Secret } from '../domain/secret.ts'
import type { Store } from '../domain/store.ts'

/** What is sealed: a mail holds a link that lets somebody in. */
interface Letter {
  readonly mail: Mail
  /** By which a mail program knows a second copy. */
  readonly key: string
  readonly requestId: string
}

/** `now` in milliseconds since 1970. */
export function createPostbox(options: {
  readonly store: Store
  readonly keyring: Pick<Keyring, 'sealMail' | 'openMail'>
  readonly mailer: Mailer
  readonly now: () => number
  readonly randomBytes: (length: number) => Uint8Array
}): Postbox & {
  /** Sends the mail of a task that was claimed. */
  readonly deliver: (task: OutboxTask) => Promise<void>
} {
  const { store, keyring, mailer, now, randomBytes } = options

  async function hand({ mail, key, requestId }: Letter, id: number, tries: number): Promise<boolean> {
    const isTaken = await mailer.send(mail, { requestId, key })
    await store.write((tx) => (isTaken ? tx.outbox.delete(id) : tx.outbox.postpone(id, now() + retryAfter(tries))))
    return isTaken
  }

  return {
    async post(tx, mail, { requestId, expiresAt }) {
      const letter: Letter = { mail, key: Buffer.from(randomBytes(16)).toString('hex'), requestId }
      const payload = keyring.sealMail(new Secret(JSON.stringify(letter)))
      const id = await tx.outbox.insert({ kind: 'mail', payload, dueAt: now() + claimTime, expiresAt })
      return id === undefined ? undefined : { id, send: () => hand(letter, id, 0).catch(() => false) }
    },

    async deliver({ id, payload, tries }) {
      const letter = keyring.openMail(payload)
      // Sealed under another root key: nobody can ever read it.
      if (letter === undefined) await store.write((tx) => tx.outbox.delete(id))
      else await hand(JSON.parse(letter.reveal()) as Letter, id, tries)
    },
  }
}
