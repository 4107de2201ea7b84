// Asks the authority about headers and names, many in one request, and never more than it may be asked at once.
import type { AskedVerification, Client } from '@hallpass/client'
import { ApiError } from '@hallpass/client'

import type { ElapsedTime, Moment } from '../clock.ts'
import { siteOf } from '../forwarded/addresses.ts'
import type { NamedPlace } from '../memory/known-names.ts'
import { newNonce } from '../nonce.ts'
import { readAnswers, type HeaderAnswer } from './read-answer.ts'

/** As the contract bounds them. */
const mostInBatch = 100
/** Bytes of the headers in one request, as JSON; a longer header goes alone. */
const longestBatch = 262_144
/** Requests at once: while they wait, questions gather. */
const mostRequests = 4
/** Questions that wait, those under way included. */
const mostWaiting = 2000
/** Of those, from one site: whoever floods a guard shall not keep others from asking. */
const mostOfOne = 200
/** Characters of the headers that wait, and of those from one site. */
const longestWaiting = 8 * 1024 * 1024
const longestOfOne = 1024 * 1024
/** Milliseconds for a question, from when it is asked to its answer. */
export const longestQuestion = 4000
/** The same while the feed is lost too, so that everything is refused five seconds after the authority was heard last. */
const longestInTrouble = 1000

type AskedHeader = NonNullable<AskedVerification['headers']>[number]
type AskedName = NonNullable<AskedVerification['names']>[number]

/** An answer, and when it was asked and read. */
export interface Told<Answer> {
  readonly answer: Answer
  /** The event behind which it was read. */
  readonly event: number
  readonly sent: Moment
}

/** There is no answer; the message is for the holder of a token. */
export class QuestionError extends Error {
  override readonly name = 'QuestionError'
  readonly code:
    | 'unavailable' // the authority cannot be asked, or does not say what an authority says
    | 'refused' // it refuses the credential of this guard
    | 'overloaded' // too many questions wait already
  constructor(code: QuestionError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export interface Questions {
  /** @throws QuestionError */
  header(asked: AskedHeader): Promise<Told<HeaderAnswer>>
  /** `from`: the address that sent the request, if it is known. @throws QuestionError */
  name(asked: AskedName, from?: string): Promise<Told<NamedPlace>>
}

export interface QuestionOptions {
  readonly client: Pick<Client, 'verifyTokens'>
  readonly elapsed: ElapsedTime
  /** Called with the time that the authority told, in milliseconds since 1970. */
  readonly tellTime: (time: number, sent: Moment) => void
  /** Whether the feed was heard once, and is lost. */
  readonly isInTrouble: () => boolean
  /** Called with the outcome of each request; undefined where it was answered. */
  readonly noteOutcome: (error: QuestionError | undefined) => void
}

interface Waiting<Asked, Answer> {
  readonly asked: Asked
  /** It has taken too long: nobody waits for the answer any more. */
  isOver: boolean
  resolve(told: Told<Answer>): void
  reject(error: QuestionError): void
}

export function createQuestions(options: QuestionOptions): Questions {
  const { client, elapsed, tellTime, isInTrouble, noteOutcome } = options
  const headers: Waiting<AskedHeader, HeaderAnswer>[] = []
  const names: Waiting<AskedName, NamedPlace>[] = []
  const all: Load = { questions: 0, length: 0 }
  const bySite = new Map<string, Load>()
  let requests = 0
  let isPlanned = false

  function wait<Asked, Answer>(
    queue: Waiting<Asked, Answer>[],
    asked: Asked,
    { from, length }: { readonly from: string | undefined; readonly length: number },
  ): Promise<Told<Answer>> {
    const site = from === undefined ? undefined : siteOf(from)
    const ofOne = (site !== undefined && bySite.get(site)) || { questions: 0, length: 0 }
    if (
      all.questions >= mostWaiting ||
      all.length + length > longestWaiting ||
      (site !== undefined && (ofOne.questions >= mostOfOne || ofOne.length + length > longestOfOne))
    ) {
      return Promise.reject(new QuestionError('overloaded', 'too many tokens are being checked: try again in a moment'))
    }
    const count = (questions: 1 | -1) => {
      for (const load of [all, ofOne]) {
        load.questions += questions
        load.length += questions * length
      }
      if (site === undefined) return
      if (ofOne.questions === 0) bySite.delete(site)
      else bySite.set(site, ofOne)
    }
    count(1)
    const promise = new Promise<Told<Answer>>((resolve, reject) => {
      const question: Waiting<Asked, Answer> = { asked, isOver: false, resolve, reject }
      queue.push(question)
      const patience = isInTrouble() ? longestInTrouble : longestQuestion
      const timer = setTimeout(() => question.reject(tooLate()), patience)
      const finish = (settle: () => void) => {
        if (question.isOver) return
        question.isOver = true
        clearTimeout(timer)
        count(-1)
        settle()
      }
      question.resolve = (told) => finish(() => resolve(told))
      question.reject = (error) => finish(() => reject(error))
    })
    plan()
    return promise
  }

  /** What is asked in the same turn goes in one request. */
  function plan(): void {
    if (isPlanned || requests >= mostRequests) return
    isPlanned = true
    queueMicrotask(() => {
      isPlanned = false
      while (requests < mostRequests && headers.length + names.length > 0) void send()
    })
  }

  async function send(): Promise<void> {
    const batch = { headers: takeBatch(headers, ({ header }) => bytesOf(header)), names: takeBatch(names, () => 0) }
    const everything = [...batch.headers, ...batch.names]
    if (everything.length === 0) return
    requests += 1
    const sent = { elapsed: elapsed.now(), leaps: elapsed.leaps }
    const nonce = newNonce()
    try {
      const answer = await client.verifyTokens({
        nonce,
        headers: batch.headers.map(({ asked }) => asked),
        names: batch.names.map(({ asked }) => asked),
      })
      const read = readAnswers(answer, { nonce, headers: batch.headers.length, names: batch.names.length })
      if (read === undefined)
        throw new QuestionError('unavailable', 'the authority answers what this guard does not understand')
      noteOutcome(undefined)
      tellTime(read.now, sent)
      const { event } = read
      for (const [at, question] of batch.headers.entries()) {
        const said = read.headers[at]
        if (said !== undefined) question.resolve({ answer: said, event, sent })
      }
      for (const [at, question] of batch.names.entries()) question.resolve({ answer: read.names[at], event, sent })
    } catch (error) {
      const known = explain(error)
      noteOutcome(known)
      for (const question of everything) question.reject(known)
    } finally {
      requests -= 1
      plan()
    }
  }

  return {
    header: (asked) => wait(headers, asked, { from: asked.from, length: asked.header.length }),
    name: (asked, from) => wait(names, asked, { from, length: 0 }),
  }
}

/** What waits. */
interface Load {
  questions: number
  length: number
}

/** The first questions of the queue that go into one request, one at least if any still waits. */
function takeBatch<Asked, Answer>(
  queue: Waiting<Asked, Answer>[],
  lengthOf: (asked: Asked) => number,
): readonly Waiting<Asked, Answer>[] {
  const batch: Waiting<Asked, Answer>[] = []
  let length = 0
  let taken = 0
  for (const question of queue) {
    if (!question.isOver) {
      length += lengthOf(question.asked)
      if (batch.length === mostInBatch || (batch.length > 0 && length > longestBatch)) break
      batch.push(question)
    }
    taken += 1
  }
  queue.splice(0, taken)
  return batch
}

/** As JSON, at most. */
function bytesOf(header: string): number {
  return JSON.stringify(header).length * (isAscii.test(header) ? 1 : 3)
}

const isAscii = /^[ -~]*$/

function tooLate(): QuestionError {
  return new QuestionError('unavailable', 'the authority did not answer in time: try again in a moment')
}

function explain(error: unknown): QuestionError {
  if (error instanceof QuestionError) return error
  if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
    return new QuestionError('refused', 'the authority refuses the credential of this service', { cause: error })
  }
  const sentence = 'the authority cannot be asked whether the token is good: try again in a moment'
  return new QuestionError('unavailable', sentence, { cause: error })
}
