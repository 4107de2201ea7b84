// A transaction that asks its memory before it asks the database for what nearly every request looks up.
import type { Transaction } from '../domain/store.ts'
import { Changes, type Memory, type Remembered } from './memory.ts'
import type { Session } from './query.ts'
import { SessionTransaction } from './transaction.ts'

export class RememberingTransaction extends SessionTransaction {
  readonly #memory: Memory
  readonly #changes: Changes
  #sessions: Transaction['sessions'] | undefined
  #organisations: Transaction['organisations'] | undefined
  #memberships: Transaction['memberships'] | undefined
  #apps: Transaction['apps'] | undefined
  #signingKeys: Transaction['signingKeys'] | undefined
  #tokens: Transaction['tokens'] | undefined

  /** `memory` is of the last commit, and `changes` are those since. */
  constructor(session: Session, memory: Memory, changes = new Changes()) {
    super(session)
    this.#memory = memory
    this.#changes = changes
  }

  override get sessions(): Transaction['sessions'] {
    if (this.#sessions === undefined) {
      const all = super.sessions
      this.#sessions = {
        ...all,
        byTokenHash: this.#recall(this.#memory.sessionByHash, (hash) => all.byTokenHash(hash), latin1Of),
      }
    }
    return this.#sessions
  }

  override get organisations(): Transaction['organisations'] {
    if (this.#organisations === undefined) {
      const all = super.organisations
      this.#organisations = {
        ...all,
        bySlug: this.#recall(this.#memory.organisationBySlug, (slug) => all.bySlug(slug), itself),
      }
    }
    return this.#organisations
  }

  override get memberships(): Transaction['memberships'] {
    if (this.#memberships === undefined) {
      const all = super.memberships
      this.#memberships = {
        ...all,
        find: this.#recall(this.#memory.membership, (...pair) => all.find(...pair), pairOf),
      }
    }
    return this.#memberships
  }

  override get apps(): Transaction['apps'] {
    if (this.#apps === undefined) {
      const all = super.apps
      this.#apps = { ...all, byName: this.#recall(this.#memory.appByName, (name) => all.byName(name), itself) }
    }
    return this.#apps
  }

  override get signingKeys(): Transaction['signingKeys'] {
    if (this.#signingKeys === undefined) {
      const all = super.signingKeys
      this.#signingKeys = {
        ...all,
        byKid: this.#recall(this.#memory.keyByKid, (kid) => all.byKid(kid), latin1Of),
        newest: this.#recall(this.#memory.newestKey, (id) => all.newest(id), String),
      }
    }
    return this.#signingKeys
  }

  override get tokens(): Transaction['tokens'] {
    if (this.#tokens === undefined) {
      const all = super.tokens
      this.#tokens = { ...all, byId: this.#recall(this.#memory.tokenById, (id) => all.byId(id), itself) }
    }
    return this.#tokens
  }

  #recall<Parameters extends readonly unknown[], Row>(
    remembered: Remembered<Row>,
    lookUp: (...parameters: Parameters) => Promise<Row | undefined>,
    keyOf: (...parameters: Parameters) => string,
  ): (...parameters: Parameters) => Promise<Row | undefined> {
    const { rows } = remembered
    const changes = this.#changes
    return async (...parameters) => {
      const key = keyOf(...parameters)
      const known = changes.outdate(remembered) ? undefined : rows.get(key)
      if (known !== undefined) return known
      const found = await lookUp(...parameters)
      if (found !== undefined && !changes.touch(remembered)) {
        if (rows.size >= mostRemembered) rows.clear()
        rows.set(key, found)
      }
      return found
    }
  }
}

// Of each kind of look-up: past that it starts afresh.
const mostRemembered = 4096

const itself = (text: string) => text
const latin1Of = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
const pairOf = (organisationId: number, userId: number) => `${organisationId} ${userId}`
