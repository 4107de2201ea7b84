// What is remembered, beside a naive model: random answers, events, clocks, and what is forgotten.
import {
  attenuate,
  formatAuthorization,
  mintMacaroon,
  permissionLocation,
  tokenId,
  type Macaroon,
} from '@hallpass/macaroon'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { AuthorityTime, ElapsedTime } from '../clock.ts'
import type { Subject } from '../feed/subjects.ts'
import { refuse } from '../verdict.ts'
import { Happened } from './happened.ts'
import { KnownName } from './known-names.ts'
import type { SaidOfToken } from './known-token.ts'
import { Memory } from './memory.ts'
import { longestTrust, Trust } from './trust.ts'

const organization = { id: 1, slug: 'acme', isPersonal: false }
const roots: readonly Macaroon[] = [0, 1, 2].map((n) =>
  mintMacaroon({
    kid: new Uint8Array([1]),
    rnd: new Uint8Array(16).fill(n),
    location: permissionLocation,
    key: new Uint8Array(32).fill(7),
    caveats: [{ type: 'Organization', id: 1n, mask: 31 }],
  }),
)
const child = (root: Macaroon) => attenuate(root, [{ type: 'Action', mask: 1 }])
const headerOf = (macaroon: Macaroon) => formatAuthorization([macaroon.bytes])
const ids = roots.map(({ nonce }) => tokenId(nonce))
/** The third was minted by the second. */
const saidOf = (n: number): SaidOfToken => ({
  id: ids[n] ?? '',
  organization,
  app: n === 1 ? 31 : null,
  person: n === 0 ? 4 : null,
  line: n === 2 ? ids.slice(1, 2) : [],
  expiresAt: Infinity,
  networks: [],
  isExact: false,
})
const subjectsOf: readonly (readonly Subject[])[] = [
  [`token ${ids[0]}`, 'organization 1', 'person 4'],
  [`token ${ids[1]}`, 'organization 1', 'app 31'],
  [`token ${ids[2]}`, `token ${ids[1]}`, 'organization 1'],
]

const which = fc.nat(2)
const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('learn' as const), which, back: fc.nat(3), isChild: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('happen' as const),
      subject: fc.constantFrom<Subject[]>(...subjectsOf.flat(), 'token another'),
      isFinal: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('know' as const), lag: fc.nat(3000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), for: fc.nat(5000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('waitLong' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('look' as const), which, isChild: fc.boolean() }) },
)

test('nothing is believed that a naive model would not believe, and what it believes is remembered', () => {
  let [believed, refused] = [0, 0]
  fc.assert(
    fc.property(fc.array(command, { minLength: 20, maxLength: 60 }), (commands) => {
      let now = 0
      const clocks = { monotonic: () => now, wall: () => now }
      const elapsed = new ElapsedTime(clocks)
      const time = new AuthorityTime(elapsed)
      time.tell(0, { elapsed: 0, leaps: 0 })
      const happened = new Happened()
      const trust = new Trust(happened, time)
      const memory = new Memory(trust, 1_000_000)
      // The model: all events, all answers, and up to when the feed has told everything.
      let events: { readonly event: number; readonly subject: Subject }[] = []
      let revoked: Subject[] = []
      let answers: { which: number; isChild: boolean; event: number; asked: number }[] = []
      let [event, start, known] = [10, -1, -Infinity]
      for (const one of commands) {
        if (one.kind === 'learn') {
          const macaroon = roots[one.which] ?? expect.fail()
          const presented = { macaroon: one.isChild ? child(macaroon) : macaroon, discharges: [] }
          const learned = { event: event - one.back, asked: now }
          memory.tokens.add(saidOf(one.which), presented, learned, true)
          answers.push({ which: one.which, isChild: one.isChild, ...learned })
        } else if (one.kind === 'happen') {
          event += 1
          if (start === -1) start = event
          const isFinal = one.isFinal && one.subject.startsWith('token ')
          happened.hear(event, [one.subject], isFinal ? [one.subject] : [])
          if (isFinal) revoked.push(one.subject)
          events.push({ event, subject: one.subject })
        } else if (one.kind === 'know') {
          if (start === -1) continue
          known = Math.max(known, now - one.lag)
          trust.know(now - one.lag)
        } else if (one.kind === 'wait') now += one.for
        else if (one.kind === 'waitLong') now += 3_600_000
        else if (one.kind === 'reset') {
          event += 1
          start = event
          known = -Infinity
          ;[events, answers, revoked] = [[], [], []]
          happened.reset(event)
          trust.reset()
          memory.forget()
        } else {
          const macaroon = roots[one.which] ?? expect.fail()
          const found = memory.find(headerOf(one.isChild ? child(macaroon) : macaroon), elapsed.now())
          const isFound = found !== undefined && !('allowed' in found)
          const isDead = isFound && found.some((token) => token.known.isDead)
          // What is dead for good is never good again, and nobody is asked about it.
          const isRevoked = revoked.includes(`token ${ids[one.which]}`)
          if (isDead) expect(isRevoked).toBe(true)
          const isBelieved =
            isFound &&
            !isDead &&
            found.every((token) => trust.stands(token.known, now) && trust.isFresh(token.known, now))
          const isAbove = (answer: (typeof answers)[number]) => answer.which === one.which && !answer.isChild
          const stands = (answer: (typeof answers)[number]) =>
            answer.which === one.which &&
            now - answer.asked <= 3_600_000 &&
            (start === -1 || answer.event >= start) &&
            !events.some((each) => each.event > answer.event && (subjectsOf[one.which] ?? []).includes(each.subject))
          const isFresh = ({ asked }: (typeof answers)[number]) =>
            now - asked <= longestTrust || (start !== -1 && now - known <= longestTrust)
          const good = answers.filter((answer) => stands(answer) && isFresh(answer))
          // Once the parent was seen, whatever is said of a child is said of it.
          const isSeen = one.isChild || answers.some(isAbove)
          if (isBelieved) believed += 1
          if (isDead) refused += 1
          if (isBelieved) expect(isRevoked).toBe(false)
          if (isBelieved) expect(good.length > 0 && isSeen).toBe(true)
          // The last answer is always remembered.
          if (
            !isRevoked &&
            good.some(
              (answer) =>
                (one.isChild || isAbove(answer)) && answer === answers.findLast((each) => each.which === one.which),
            )
          )
            expect(isBelieved).toBe(true)
        }
      }
    }),
    { numRuns: 500 },
  )
  expect(believed).toBeGreaterThan(200)
  expect(refused).toBeGreaterThan(50)
})

function prepareMemory(capacity: number): Memory {
  const time = new AuthorityTime(new ElapsedTime({ monotonic: () => 0, wall: () => 0 }))
  return new Memory(new Trust(new Happened(), time), capacity)
}

test('refusals take little of the capacity, however long the headers are', () => {
  const memory = prepareMemory(1_000_000)
  const refusal = refuse('unauthenticated', 'no')
  for (let i = 0; i < 100; i += 1) memory.addRefusal(`${i} ${'h'.repeat(4000)}`, refusal, 0)
  expect(memory.weight).toBeGreaterThan(10_000)
  expect(memory.weight).toBeLessThan(30_000)
  expect(memory.find(`99 ${'h'.repeat(4000)}`, 0)).toBe(refusal)
})

test('names that stand for nothing push out none that stands for something', () => {
  const { apps } = prepareMemory(1_000_000)
  const told = { event: 0, asked: 0 }
  apps.add('web', new KnownName({ organization: 1, app: 31 }, told))
  for (let i = 0; i < 20_000; i += 1) apps.add(`made-up-${i}`, new KnownName(undefined, told))
  expect(apps.find('web', 0)?.place).toEqual({ organization: 1, app: 31 })
  expect(apps.find('made-up-19999', 0)).toBeDefined()
  expect(apps.find('made-up-0', 0)).toBeUndefined()
  // Now it exists, and later it does not.
  apps.add('made-up-19999', new KnownName({ organization: 1, app: 32 }, told))
  expect(apps.find('made-up-19999', 2000)?.place).toEqual({ organization: 1, app: 32 })
  apps.add('made-up-19999', new KnownName(undefined, told))
  expect(apps.find('made-up-19999', 0)?.place).toBeUndefined()
})
