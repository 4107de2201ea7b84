// Questions in batches: what goes together, how much may wait, and for how long.
import type { AskedVerification, Client, Verification } from '@hallpass/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { ElapsedTime, ownClocks } from '../clock.ts'
import { createQuestions, QuestionError, type QuestionOptions } from './ask-in-batches.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const refused = { refused: { code: 'unauthenticated', message: 'no' } } as const

/** An authority that answers when it is told to. */
function prepare(more: Partial<QuestionOptions> = {}) {
  const asked: AskedVerification[] = []
  const open: ((answer: Verification) => void)[] = []
  const questions = createQuestions({
    client: {
      verifyTokens: ((body: AskedVerification) => {
        asked.push(body)
        return new Promise((resolve) => open.push(resolve))
      }) as Client['verifyTokens'],
    },
    elapsed: new ElapsedTime(ownClocks),
    tellTime: () => {},
    isInTrouble: () => false,
    noteOutcome: () => {},
    ...more,
  })
  const answer = (at: number) => {
    const { headers = [], names = [], nonce } = asked[at] ?? {}
    const now = new Date(0).toISOString()
    open[at]?.({ after: '1.a', now, nonce, answers: headers.map(() => refused), names: names.map(() => null) })
  }
  return { asked, answer, questions }
}
const turn = () => vi.advanceTimersByTimeAsync(0)
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    (error: unknown) => (error as QuestionError).code,
  )

test('what is asked in one turn goes together, a hundred at most', async () => {
  const { asked, answer, questions } = prepare()
  const all = Array.from({ length: 150 }, (_, i) => questions.header({ header: `h${i}` }))
  const name = questions.name({ app_name: 'web' })
  await turn()
  expect(asked.map(({ headers, names }) => [headers?.length, names?.length])).toEqual([
    [100, 1],
    [50, 0],
  ])
  answer(0)
  answer(1)
  expect(await Promise.all(all)).toHaveLength(150)
  expect(await name).toMatchObject({ answer: undefined, event: 1 })
})

test('four requests are under way at most, and the rest gathers', async () => {
  const { asked, answer, questions } = prepare()
  for (let i = 0; i < 10; i += 1) {
    void questions.header({ header: `h${i}` })
    await turn()
  }
  expect(asked).toHaveLength(4)
  answer(0)
  await turn()
  expect(asked[4]?.headers).toHaveLength(6)
})

test('long headers do not go together, whatever is in them', async () => {
  const { asked, questions } = prepare()
  for (const letter of ['a', '"', '\u0001', 'ü', '€']) {
    for (let i = 0; i < 2; i += 1) void questions.header({ header: letter.repeat(65_000) })
  }
  await vi.advanceTimersByTimeAsync(3000)
  for (const body of asked) expect(new TextEncoder().encode(JSON.stringify(body)).length).toBeLessThan(600_000)
})

test('two thousand wait at most', async () => {
  const { asked, questions } = prepare()
  for (let i = 0; i < 2000; i += 1) {
    void failure(questions.header({ header: 'h', from: `203.0.${i % 200}.${Math.floor(i / 200)}` }))
  }
  await expect(questions.header({ header: 'h' })).rejects.toMatchObject({ code: 'overloaded' })
  await turn()
  expect(asked).toHaveLength(4)
})

test.each([
  ['an address', (): string => '203.0.113.7'],
  ['an address that is written in two ways', (i: number) => (i % 2 === 0 ? '203.0.113.7' : '::ffff:203.0.113.7')],
  ['a network, with another address each', (i: number) => `2001:db8:7:${i.toString(16)}::1`],
])('two hundred questions of one site wait at most, about headers and names: %s', async (_what, from) => {
  const { questions } = prepare()
  for (let i = 0; i < 100; i += 1) {
    void failure(questions.header({ header: `h${i}`, from: from(i) }))
    void failure(questions.name({ app_name: `n${i}` }, from(i)))
  }
  const late = [
    failure(questions.header({ header: 'h', from: from(201) })),
    failure(questions.name({ app_name: 'n' }, from(202))),
    failure(questions.header({ header: 'h', from: '2001:db8:8::1' })),
  ]
  await vi.advanceTimersByTimeAsync(4000)
  expect(await Promise.all(late)).toEqual(['overloaded', 'overloaded', 'unavailable'])
})

test('eight million characters of headers wait at most, and one million from one site', async () => {
  const { answer, questions } = prepare()
  const ask = (from?: string) => failure(questions.header({ header: 'h'.repeat(65_536), from }))
  const ofOne = Array.from({ length: 17 }, () => ask('203.0.113.7'))
  const all = [...ofOne, ...Array.from({ length: 113 }, () => ask())]
  // What is answered makes room again.
  await turn()
  answer(0)
  await turn()
  all.push(ask('203.0.113.7'), ask())
  await vi.advanceTimersByTimeAsync(4000)
  const outcomes = await Promise.all(all)
  expect(outcomes[0]).toBe('answered')
  expect(outcomes.flatMap((outcome, at) => (outcome === 'overloaded' ? [at] : []))).toEqual([16, 129])
})

test('nobody waits for longer than four seconds, or one while the feed is lost', async () => {
  const { asked, questions } = prepare()
  const waiting = Array.from({ length: 500 }, (_, i) => failure(questions.header({ header: `h${i}` })))
  await vi.advanceTimersByTimeAsync(4000)
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['unavailable']))
  expect(asked).toHaveLength(4)
  const inTrouble = failure(prepare({ isInTrouble: () => true }).questions.header({ header: 'h' }))
  await vi.advanceTimersByTimeAsync(1000)
  expect(await inTrouble).toBe('unavailable')
})

test('an answer of another form is none', async () => {
  const outcomes: (QuestionError | undefined)[] = []
  const client = { verifyTokens: (() => Promise.resolve({ answers: [] })) as unknown as Client['verifyTokens'] }
  const { questions } = prepare({ client, noteOutcome: (error) => outcomes.push(error) })
  await expect(questions.header({ header: 'h' })).rejects.toMatchObject({ code: 'unavailable' })
  expect(outcomes).toEqual([expect.any(QuestionError)])
})
