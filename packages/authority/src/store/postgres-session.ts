// Queries within one PostgreSQL transaction. Queries whose answer nobody needs yet are sent together.
import { hash } from 'node:crypto'

import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'

import { expectOwn } from './migrate.ts'
import { sendBatch, type Answer, type Asked, type Statement } from './postgres-batch.ts'
import { Foresight } from './postgres-foresight.ts'
import type { Line } from './postgres-pool.ts'
import { appendLock, beginning, commit, rollback, type Kind } from './postgres-settings.ts'
import { bind, compile, type CompiledQuery, type Query, type QuerySession, type Values } from './query.ts'
import type { Database } from './schema.ts'

/** The compiled queries of a store, for all its connections: named prepared statements where connections keep them. */
export class PostgresStatements {
  readonly foresight = new Foresight()
  readonly #compiler = createPostgresCompiler()
  readonly #compiled = new Map<object, CompiledStatement>()
  #named = true

  /** False once a pooler was found that does not keep prepared statements. */
  get areNamed(): boolean {
    return this.#named
  }

  /**
   * From now on every statement is sent with its text: a pooler hands each transaction to another of its connections.
   * @returns false if that was already so
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
      // Named by its text: a proxy may share a connection between two versions of the program, and their statements must not mix.
      const name = `hallpass_${hash('sha256', compiled.sql, 'hex').slice(0, 32)}`
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

/** A cached answer was outdated. The result of the work is thrown away, and the work runs again. */
export class Unforeseen extends Error {}

interface Waiting extends Asked {
  /** The cached answer that the work continued with. */
  readonly expected?: Answer
  /** The key under which the answer is cached. */
  readonly key?: string
}

/**
 * One transaction. It begins with the first statement that is sent. Reads that all go out together need no BEGIN: PostgreSQL
 * runs them as one transaction. A query that nobody waits for goes out with the next one that somebody waits for, or at the end.
 */
export class PostgresSession implements QuerySession {
  readonly #line: Line
  readonly #statements: PostgresStatements
  readonly #kind: Kind
  readonly #isOwn: boolean
  readonly #mayRunAhead: boolean
  readonly #isAlone: boolean
  #waiting: { readonly asked: Waiting; readonly answered: (answer: Answer) => void }[] = []
  /** Inserts for the end of the transaction. */
  readonly #appended: Waiting[] = []
  /** Reads that were sent without BEGIN, with their answers. A later read asks them all again in one transaction. */
  #passed: Waiting[] = []
  #state: 'new' | 'passed' | 'open' | 'ended' = 'new'
  #sending: Promise<unknown> = Promise.resolve()
  #next: Promise<void> | undefined
  #failure: unknown
  #isOver = false
  #hasChanged = false
  #isCommitting = false

  constructor(
    line: Line,
    statements: PostgresStatements,
    kind: Kind,
    { mayRunAhead, isAlone }: { readonly mayRunAhead: boolean; readonly isAlone: boolean },
  ) {
    this.#isAlone = isAlone
    this.#line = line
    this.#statements = statements
    this.#kind = kind
    this.#isOwn = line.isOwn && statements.areNamed
    this.#mayRunAhead = mayRunAhead
  }

  /** The error of the first query that failed. From then on the transaction is void, even if `work` continued. */
  get failure(): unknown {
    return this.#failure
  }

  /** Whether the COMMIT of a write was sent. */
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

  /** It waits for the end, because the lock holds up every other transaction that appends. */
  async append<P extends Values<P>>(query: Query<P, unknown>, values: NoInfer<P>): Promise<void> {
    const statement = this.#statements.get(query)
    this.#expectNotOver()
    this.#hasChanged = true
    this.#appended.push({ statement, values: bind(statement, values) })
  }

  /** Runs a statement given as text. */
  async ask(text: string): Promise<readonly object[]> {
    return (await this.#wait({ statement: { text }, values: [] })).rows
  }

  /** Commits. Refuses further queries. */
  async keep(): Promise<void> {
    await this.#stop()
    if (this.#failure !== undefined) throw this.#failure
    if (this.#kind === 'reads') {
      if (this.#waiting.length > 0 || this.#state === 'open') await this.#send(commit)
      return
    }
    if (this.#state === 'new' && this.#waiting.length + this.#appended.length === 0) return
    // Compare the cached answers first: nothing may be committed that depends on an outdated one.
    if (this.#state === 'new' || this.#waiting.some(({ asked }) => asked.expected !== undefined)) await this.#send()
    this.#isCommitting = true
    if (this.#appended.length > 0) {
      const all = [{ statement: appendLock, values: [] }, ...this.#appended]
      this.#waiting.push(...all.map((asked) => ({ asked, answered: () => {} })))
    }
    await this.#send(commit)
  }

  /** Rolls back, after comparing the cached answers: the work may have failed only because one was outdated. */
  async giveUp(): Promise<void> {
    await this.#stop()
    if (this.#failure !== undefined) return
    if (this.#state === 'open' || this.#waiting.some(({ asked }) => asked.expected !== undefined)) {
      await this.#send(rollback)
    }
  }

  /** Whether the server may have an open transaction. */
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
    // After a change of its own, the transaction must see that change.
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
    // Later, so that queries asked for in the same turn go out together.
    this.#next ??= this.#sending.then(() => {
      this.#next = undefined
      return this.#send()
    })
    await this.#next
    return promise
  }

  /** Sends the queries that wait, and `end` behind them if given. */
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
    // Without BEGIN, because most reads need only one batch. If more follows, everything is asked again, to have one snapshot.
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
    const { answers, failure } = await sendBatch(this.#line, this.#line.prepared, all.map(this.#address))
    const version = answers[opening.length - 1]
    if (version !== undefined && this.#kind === 'writes') expectOwn(versionIn(version))
    if (failure === undefined) this.#state = isWhole ? 'passed' : end === undefined ? 'open' : 'ended'
    // Before the failure is reported: it may only follow from an outdated answer.
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
