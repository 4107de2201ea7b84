// Queries within one PostgreSQL transaction, sent together as far as nobody waits for an answer.
import { createHash } from 'node:crypto'

import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'

import { expectOwn } from './migrate.ts'
import { sendBatch, type Answer, type Asked, type Statement } from './postgres-batch.ts'
import type { Leased } from './postgres-connections.ts'
import { Foresight } from './postgres-foresight.ts'
import { beginning, commit, rollback, type Kind } from './postgres-settings.ts'
import { bind, compile, type CompiledQuery, type Query, type QuerySession, type Values } from './query.ts'
import type { Database } from './schema.ts'

/** Queries as named prepared statements, as long as connections keep them; one for all connections of a store. */
export class PostgresStatements {
  readonly foresight = new Foresight()
  readonly #compiler = createPostgresCompiler()
  readonly #compiled = new Map<object, CompiledStatement>()
  #named = true

  /** Whether connections keep them, as far as is known. */
  get areNamed(): boolean {
    return this.#named
  }

  /**
   * From now on every statement is sent with its text: a pooler hands each transaction to another of its connections.
   * @returns false where that was so already
   */
  stopNaming(): boolean {
    const changed = this.#named
    this.#named = false
    return changed
  }

  /** The compiled query, with the name under which connections prepare it. */
  get<P, Row>(query: Query<P, Row>): CompiledStatement {
    let statement = this.#compiled.get(query)
    if (statement === undefined) {
      const compiled = compile(this.#compiler, query)
      // By its text: connections that a proxy shares between two versions of the program must not mix statements up.
      const name = `hallpass_${createHash('sha256').update(compiled.sql).digest('hex').slice(0, 32)}`
      statement = { ...compiled, text: compiled.sql, name }
      this.#compiled.set(query, statement)
    }
    return statement
  }
}

interface CompiledStatement extends CompiledQuery {
  readonly text: string
  readonly name: string
}

/** Something was changed since it was asked for last: what ran ahead on that counts for nothing, and runs once more. */
export class Unforeseen extends Error {}

interface Waiting extends Asked {
  /** What it was answered before, on which work has run ahead. */
  readonly expected?: Answer
  /** By which the answer is remembered. */
  readonly key?: string
}

/**
 * One transaction. It begins with the first statement that is sent, and reads that are all sent together have none of their
 * own. A query that nobody waits for is sent with the next one that somebody waits for, or with the end.
 */
export class PostgresSession implements QuerySession {
  readonly #leased: Leased
  readonly #statements: PostgresStatements
  readonly #kind: Kind
  readonly #isOwn: boolean
  readonly #mayRunAhead: boolean
  readonly #isAlone: boolean
  #waiting: { readonly asked: Waiting; readonly answered: (answer: Answer) => void }[] = []
  /** Reads that were sent together, with what they were answered; until a transaction is begun for more of them. */
  #passed: Waiting[] = []
  #state: 'new' | 'passed' | 'open' | 'ended' = 'new'
  #sending: Promise<unknown> = Promise.resolve()
  #next: Promise<void> | undefined
  #failure: unknown
  #isOver = false
  #hasChanged = false
  #isCommitting = false

  constructor(
    leased: Leased,
    statements: PostgresStatements,
    kind: Kind,
    { mayRunAhead, isAlone }: { readonly mayRunAhead: boolean; readonly isAlone: boolean },
  ) {
    this.#isAlone = isAlone
    this.#leased = leased
    this.#statements = statements
    this.#kind = kind
    this.#isOwn = leased.isOwn && statements.areNamed
    this.#mayRunAhead = mayRunAhead
  }

  /** What the first query failed with: the transaction is void from there on, even where `work` carried on. */
  get failure(): unknown {
    return this.#failure
  }

  /** Whether a COMMIT was sent of what is written. */
  get isCommitting(): boolean {
    return this.#isCommitting
  }

  async one<P extends Values<P>, Row>(query: Query<P, Row>, values: NoInfer<P>): Promise<Row | undefined> {
    const { rows } = await this.#look(query, values)
    return rows[0] as Row | undefined
  }

  async many<P extends Values<P>, Row>(query: Query<P, Row>, values: NoInfer<P>): Promise<readonly Row[]> {
    const { rows } = await this.#look(query, values)
    return rows as readonly Row[]
  }

  async run<P extends Values<P>>(query: Query<P, unknown>, values: NoInfer<P>): Promise<void> {
    const statement = this.#statements.get(query)
    this.#expectNotOver()
    this.#hasChanged = true
    this.#waiting.push({ asked: { statement, values: bind(statement, values) }, answered: () => {} })
  }

  async insert<P extends Values<P>>(query: Query<P, unknown>, values: NoInfer<P>): Promise<boolean> {
    const { count } = await this.#look(query, values)
    return count > 0
  }

  /** Runs a statement that is no query of the store's. */
  async ask(text: string): Promise<readonly object[]> {
    return (await this.#wait({ statement: { text }, values: [] })).rows
  }

  /** Ends the transaction and keeps what it did; refuses further queries. */
  async keep(): Promise<void> {
    await this.#stop()
    if (this.#failure !== undefined) throw this.#failure
    if (this.#kind === 'reads') {
      if (this.#waiting.length > 0 || this.#state === 'open') await this.#send(commit)
      return
    }
    if (this.#state === 'new' && this.#waiting.length === 0) return
    // Nothing is kept of what ran ahead before it is known that it was right to.
    if (this.#state === 'new' || this.#waiting.some(({ asked }) => asked.expected !== undefined)) await this.#send()
    this.#isCommitting = true
    await this.#send(commit)
  }

  /** Ends the transaction and undoes what it did, once it is known that the work had reason to give up. */
  async giveUp(): Promise<void> {
    await this.#stop()
    if (this.#failure !== undefined) return
    if (this.#state === 'open' || this.#waiting.some(({ asked }) => asked.expected !== undefined)) {
      await this.#send(rollback)
    }
  }

  /** Whether the server may hold a transaction open for it. */
  get isOpen(): boolean {
    return this.#state === 'open'
  }

  async #stop(): Promise<void> {
    this.#isOver = true
    await this.#next?.catch(() => {})
    await this.#sending
  }

  #expectNotOver(): void {
    if (this.#isOver) throw new Error('A query came after the end of its transaction: something was not awaited.')
    if (this.#failure !== undefined) throw this.#failure
  }

  #look<P extends Values<P>, Row>(query: Query<P, Row>, values: NoInfer<P>): Promise<Answer> {
    const statement = this.#statements.get(query)
    const asked = { statement, values: bind(statement, values) }
    this.#hasChanged ||= statement.change !== undefined
    // What the transaction has changed itself, it looks at.
    if (query.isLookup !== true || this.#hasChanged) return this.#wait(asked)
    const key = `${statement.name} ${asked.values.map(keyOf).join(' ')}`
    const expected = this.#mayRunAhead ? this.#statements.foresight.get(key) : undefined
    if (expected === undefined) return this.#wait({ ...asked, key })
    this.#expectNotOver()
    this.#waiting.push({ asked: { ...asked, key, expected }, answered: () => {} })
    return Promise.resolve(expected)
  }

  async #wait(asked: Waiting): Promise<Answer> {
    this.#expectNotOver()
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.#waiting.push({ asked, answered: resolve })
    // With what else is asked for in the same breath.
    this.#next ??= this.#sending.then(() => {
      this.#next = undefined
      return this.#send()
    })
    await this.#next
    return promise
  }

  /** Sends what waits, and the end of the transaction with it where there is one. */
  #send(end?: typeof commit): Promise<void> {
    const sent = this.#exchange(end)
    this.#sending = sent.catch((error: unknown) => {
      this.#failure ??= error
    })
    return sent
  }

  async #exchange(end: Statement | undefined): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    const asked = waiting.map((each) => each.asked)
    // In the hope that nothing more is asked for. Where something is, all is asked again, so that it is one snapshot.
    const mayBeAll = this.#state === 'new' || (this.#state === 'passed' && end !== undefined)
    const isWhole = this.#kind === 'reads' && this.#mayRunAhead && mayBeAll
    const opening =
      this.#state === 'open' || (isWhole && this.#isOwn)
        ? []
        : beginning(this.#isAlone ? 'lone writes' : this.#kind, this.#isOwn)
    const last = isWhole ? (this.#isOwn ? undefined : commit) : end
    const all: readonly Waiting[] = [
      ...opening.map((statement) => ({ statement, values: [] })),
      ...this.#passed,
      ...asked,
      ...(last === undefined ? [] : [{ statement: last, values: [] }]),
    ]
    if (opening.length > 0) this.#state = 'open'
    const { answers, failure } = await sendBatch(this.#leased.client, this.#leased.prepared, all.map(this.#address))
    const version = answers[opening.length - 1]
    if (version !== undefined && this.#kind === 'writes') expectOwn(versionIn(version))
    if (failure === undefined) this.#state = isWhole ? 'passed' : end === undefined ? 'open' : 'ended'
    // Before what failed: that may be only because of what was not so any more.
    const isAsExpected = this.#compare(all, answers)
    if (!isAsExpected) throw new Unforeseen('What was looked up has changed meanwhile.')
    if (failure !== undefined) throw failure
    const from = opening.length + this.#passed.length
    for (const [index, { answered }] of waiting.entries()) answered(answers[from + index] as Answer)
    if (this.#state !== 'passed') this.#passed = []
    else this.#passed.push(...asked.map((each, index) => ({ ...each, expected: answers[from + index] as Answer })))
  }

  #compare(all: readonly Waiting[], answers: readonly Answer[]): boolean {
    let isAsExpected = true
    for (const [index, { expected, key }] of all.entries()) {
      const answer = answers[index]
      if (answer === undefined || expected?.equals(answer) === true) continue
      if (key !== undefined) this.#statements.foresight.set(key, answer)
      isAsExpected &&= expected === undefined
    }
    return isAsExpected
  }

  readonly #address = ({ statement, values }: Waiting): Asked =>
    this.#statements.areNamed ? { statement, values } : { statement: { text: statement.text }, values }
}

function versionIn(answer: Answer): number {
  const [row] = answer.rows as { readonly version: number | null }[]
  return row?.version ?? 0
}

function keyOf(value: ReturnType<typeof bind>[number]): string {
  return value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
    : String(value)
}

/** Compiles for PostgreSQL, and runs nothing. */
function createPostgresCompiler(): Kysely<Database> {
  return new Kysely({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
}
