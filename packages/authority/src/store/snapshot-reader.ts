// Reads over one SQLite connection: whoever reads between two commits shares one snapshot, which cannot change, so that
// what it was asked once it need not be asked again.
import type { ReadTransaction } from '../domain/store.ts'
import { SqliteSession, type SqliteConnection } from './sqlite-connection.ts'
import { SessionTransaction } from './transaction.ts'

export class SnapshotReader {
  readonly #connection: SqliteConnection
  readonly #waiting: (() => void)[] = []
  #snapshot: Snapshot | undefined
  #active = 0
  #outdated = false

  constructor(connection: SqliteConnection) {
    this.#connection = connection
  }

  /** Runs `work` on a snapshot that has every commit which was announced before this call. */
  async read<T>(work: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    if (this.#outdated) await this.#renewal()
    const { tx } = (this.#snapshot ??= this.#open())
    this.#active += 1
    try {
      return await work(tx)
    } finally {
      this.#active -= 1
      if (this.#active === 0 && this.#outdated) this.#release()
    }
  }

  /** Announces a commit: no read that begins from now on sees the state before it. */
  outdate(): void {
    if (this.#active > 0) this.#outdated = true
    else this.rest()
  }

  /** Lets go of the snapshot if nobody reads: the write-ahead log can only start over when no snapshot holds it. */
  rest(): void {
    if (this.#active === 0 && this.#snapshot !== undefined) this.#release()
  }

  /** Resolves when the last read has ended, and lets no snapshot behind. */
  async drain(): Promise<void> {
    this.outdate()
    if (this.#outdated) await this.#renewal()
  }

  async #renewal(): Promise<void> {
    while (this.#outdated) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #open(): Snapshot {
    this.#connection.command('BEGIN')
    const session = new SqliteSession(this.#connection)
    return { session, tx: rememberLookUps(session), timer: setTimeout(() => this.outdate(), longestLife).unref() }
  }

  #release(): void {
    clearTimeout(this.#snapshot?.timer)
    this.#snapshot?.session.end()
    this.#snapshot = undefined
    this.#outdated = false
    if (this.#connection.database.isTransaction) this.#connection.command('COMMIT')
    for (const proceed of this.#waiting.splice(0)) proceed()
  }
}

interface Snapshot {
  readonly session: SqliteSession
  readonly tx: ReadTransaction
  readonly timer: NodeJS.Timeout
}

// Milliseconds in which a snapshot also sees what other programs wrote to the file, as a person with the sqlite3 tool.
const longestLife = 1000

// Of each kind of look-up: past that it starts afresh.
const mostRemembered = 4096

/** The transaction of a snapshot, which remembers what every request looks up: who asks, and about what. */
function rememberLookUps(session: SqliteSession): ReadTransaction {
  const all = new SessionTransaction(session)
  const { settings, users, setupCode, organisations, invitations, signingKeys, audit } = all
  const { sessions, memberships, apps, tokens } = all
  return {
    settings,
    users,
    setupCode,
    organisations,
    invitations,
    signingKeys,
    audit,
    sessions: { ...sessions, byTokenHash: remember((hash) => sessions.byTokenHash(hash), latin1Of) },
    memberships: { ...memberships, find: remember((...pair) => memberships.find(...pair), pairOf) },
    apps: { ...apps, byName: remember((name) => apps.byName(name), itself) },
    tokens: { ...tokens, byId: remember((id) => tokens.byId(id), itself) },
  }
}

const itself = (text: string) => text
const latin1Of = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
const pairOf = (organisationId: number, userId: number) => `${organisationId} ${userId}`

function remember<Parameters extends readonly unknown[], Result>(
  lookUp: (...parameters: Parameters) => Promise<Result>,
  keyOf: (...parameters: Parameters) => string,
): (...parameters: Parameters) => Promise<Result> {
  const known = new Map<string, Promise<Result>>()
  return (...parameters) => {
    const key = keyOf(...parameters)
    let result = known.get(key)
    if (result === undefined) {
      if (known.size >= mostRemembered) known.clear()
      result = lookUp(...parameters)
      known.set(key, result)
    }
    return result
  }
}
