// Notes in memory who was used when, until a worker writes it down. A note costs a request next to nothing.
import { mergeAddresses, mostAddresses, type LoginKind, type TokenUse, type Use, type UsedFrom } from './use.ts'

/** Who uses a credential. */
export interface UsedBy {
  readonly remoteAddress: string
  readonly userAgent?: string | undefined
}

/** Uses that are to be written. */
export interface NotedUses {
  readonly tokens: readonly NotedTokenUse[]
  readonly logins: readonly NotedLoginUse[]
}

/** Uses that were held, and are not ready to be written. */
export interface HeldUses {
  readonly tokens: readonly (readonly [id: string, note: Note])[]
  readonly logins: readonly { readonly kind: LoginKind; readonly id: number; readonly note: Note }[]
}

export interface NotedTokenUse extends TokenUse {
  readonly id: string
}

export interface NotedLoginUse extends Use {
  readonly kind: LoginKind
  readonly id: number
}

/** Of each kind. One takes half a kilobyte; what is used beyond that before the next writing is not noted. */
const mostHeld = 50_000
/** With so many of a kind they are written before their time. */
const manyHeld = 40_000
/** Characters of a user agent or an address. */
const longestText = 256

/** Uses since the last writing: what is held is bounded by the number of credentials, not of requests. */
export class UseLog {
  readonly tokens: Notes<string>
  readonly sessions: Notes<number>
  readonly passkeys: Notes<number>
  /** Since when uses are noted, in milliseconds. */
  readonly since: number
  readonly #describe: Describe
  /** How many uses were not noted, because there were too many. */
  dropped = 0
  /** Called when so many are held that they should be written now. */
  onMany: () => void = () => {}

  /** `describe` says what is kept of an address and a user agent. */
  constructor(since: number, describe: Describe, bounds: Bounds = { most: mostHeld, many: manyHeld }) {
    this.since = since
    this.#describe = describe
    const grown: Grown = {
      many: () => this.onMany(),
      drop: () => {
        this.dropped += 1
      },
    }
    this.tokens = new Notes(bounds, grown)
    this.sessions = new Notes(bounds, grown)
    this.passkeys = new Notes(bounds, grown)
  }

  /** What is kept of an address, and of how a program called itself. */
  describe(address: string, userAgent: string): Pick<Use, 'address' | 'userAgent'> {
    return {
      address: this.#describe.address(address.slice(0, longestText)),
      userAgent: this.#describe.userAgent(userAgent.slice(0, longestText)),
    }
  }

  /** All that is held; it is held no more. It takes a few milliseconds: `finish` does the rest, a part at a time. */
  take(): HeldUses {
    const logins = (kind: LoginKind, notes: Notes<number>) => notes.take().map(([id, note]) => ({ kind, id, note }))
    return {
      tokens: this.tokens.take(),
      logins: [...logins('session', this.sessions), ...logins('passkey', this.passkeys)],
    }
  }

  /** What was held, as it is written. */
  finish({ tokens, logins }: HeldUses): NotedUses {
    return {
      tokens: tokens.map(([id, note]) => ({ id, ...this.#finish(note) })),
      logins: logins.map(({ kind, id, note }) => {
        const { usedFrom, ...use } = this.#finish(note)
        return { ...use, kind, id, address: usedFrom[0].address }
      }),
    }
  }

  /** Takes back what could not be written, for the next time. */
  giveBack({ tokens, logins }: HeldUses): void {
    for (const [id, note] of tokens) this.tokens.giveBack(id, note)
    for (const { kind, id, note } of logins) (kind === 'session' ? this.sessions : this.passkeys).giveBack(id, note)
  }

  #finish({ at, address, operation, userAgent, earlier }: Note): TokenUse {
    const last = { at, address: this.#describe.address(address) }
    const others = earlier.map((from) => ({ ...from, address: this.#describe.address(from.address) }))
    const usedFrom = mergeAddresses([last, ...others]) ?? [last]
    return { at, operation, userAgent: this.#describe.userAgent(userAgent), usedFrom }
  }
}

interface Describe {
  readonly address: (address: string) => string
  readonly userAgent: (userAgent: string) => string
}

interface Bounds {
  readonly most: number
  readonly many: number
}

interface Grown {
  readonly many: () => void
  readonly drop: () => void
}

/** The uses of one credential since the last writing. */
interface Note {
  at: number
  address: string
  operation: string
  userAgent: string
  /** Other addresses, the last one first. */
  earlier: readonly UsedFrom[]
}

/** The notes of one kind of credential, by its id. */
export class Notes<Id> {
  #notes = new Map<Id, Note>()
  readonly #bounds: Bounds
  readonly #grown: Grown

  constructor(bounds: Bounds, grown: Grown) {
    this.#bounds = bounds
    this.#grown = grown
  }

  /** A credential was used; `at` in milliseconds. Makes no text and no object, unless something else than the time is new. */
  note(id: Id, { remoteAddress, userAgent = '' }: UsedBy, operation: string, at: number): void {
    const note = this.#notes.get(id)
    if (note === undefined) {
      this.#begin(id, { at, address: copied(remoteAddress), operation, userAgent: copied(userAgent), earlier: [] })
      return
    }
    if (remoteAddress !== note.address) move(note, remoteAddress)
    if (userAgent !== note.userAgent) note.userAgent = copied(userAgent)
    note.operation = operation
    note.at = at
  }

  take(): readonly (readonly [Id, Note])[] {
    const taken = [...this.#notes]
    this.#notes = new Map()
    return taken
  }

  /** Holds an earlier note again, behind what was noted since. */
  giveBack(id: Id, old: Note): void {
    const note = this.#notes.get(id)
    if (note !== undefined) {
      const known = new Set([note.address, ...note.earlier.map(({ address }) => address)])
      const others = [{ address: old.address, at: old.at }, ...old.earlier].filter(({ address }) => !known.has(address))
      note.earlier = [...note.earlier, ...others].slice(0, mostAddresses - 1)
    } else if (this.#notes.size < this.#bounds.most) this.#notes.set(id, old)
    else this.#grown.drop()
  }

  #begin(id: Id, note: Note): void {
    if (this.#notes.size >= this.#bounds.most) {
      this.#grown.drop()
      return
    }
    this.#notes.set(id, note)
    if (this.#notes.size === this.#bounds.many) this.#grown.many()
  }
}

function move(note: Note, address: string): void {
  const others = note.earlier.filter((from) => from.address !== address)
  note.earlier = [{ address: note.address, at: note.at }, ...others].slice(0, mostAddresses - 1)
  note.address = copied(address)
}

/** A copy of the beginning: a part of a header's text would keep all of it in memory. */
function copied(text: string): string {
  return Buffer.from(text.slice(0, longestText)).toString()
}
