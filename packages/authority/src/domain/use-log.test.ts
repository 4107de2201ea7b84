import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { UseLog, type NotedTokenUse } from './use-log.ts'
import { mergeAddresses } from './use.ts'

const same = (text: string) => text
const from = (remoteAddress: string, userAgent?: string) => ({ remoteAddress, userAgent })

describe('the log of uses', () => {
  test('has of each token the last use and the last addresses, whenever it is taken and given back', () => {
    const use = fc.record({
      id: fc.constantFrom('t', 'u'),
      address: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
      operation: fc.constantFrom('app.list', 'app.show'),
      userAgent: fc.constantFrom(undefined, 'curl', 'x'.repeat(300)),
      isTaken: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(use, { minLength: 1, maxLength: 40 }), (all) => {
        const log = new UseLog(0, { address: same, userAgent: same })
        for (const [at, { id, address, operation, userAgent, isTaken }] of all.entries()) {
          log.tokens.note(id, from(address, userAgent), operation, at)
          if (isTaken) log.giveBack(log.take())
        }
        const expected = ['t', 'u'].flatMap((id): NotedTokenUse[] => {
          const own = [...all.entries()].filter(([, each]) => each.id === id)
          const [at, last] = own.at(-1) ?? []
          const usedFrom = mergeAddresses(own.map(([at, { address }]) => ({ address, at })))
          if (at === undefined || last === undefined || usedFrom === undefined) return []
          const userAgent = (last.userAgent ?? '').slice(0, 256)
          return [{ id, at, operation: last.operation, userAgent, usedFrom }]
        })
        expect([...log.finish(log.take()).tokens].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(expected)
        expect(log.take()).toEqual({ tokens: [], logins: [] })
      }),
    )
  })

  test('is taken without work for each of its uses, which is done when a part of them is finished', () => {
    let described = 0
    const count = (text: string) => {
      described += 1
      return text
    }
    const log = new UseLog(0, { address: count, userAgent: count })
    for (let id = 0; id < 10; id++) log.tokens.note(String(id), from('a', 'curl'), 'app.list', id)
    const taken = log.take()
    log.giveBack(taken)
    expect([described, log.take().tokens.length]).toEqual([0, 10])
    log.finish({ tokens: taken.tokens.slice(0, 2), logins: [] })
    expect(described).toBe(4)
  })

  test('keeps logins and passkeys apart, of each the last use', () => {
    const log = new UseLog(0, { address: same, userAgent: same })
    log.sessions.note(1, from('a', 'one'), 'app.list', 1)
    log.giveBack(log.take())
    log.sessions.note(1, from('b', 'two'), 'app.show', 2)
    log.passkeys.note(1, from('c'), 'user.sign_in_with_passkey', 3)
    expect(log.finish(log.take()).logins).toEqual([
      { kind: 'session', id: 1, at: 2, address: 'b', operation: 'app.show', userAgent: 'two' },
      { kind: 'passkey', id: 1, at: 3, address: 'c', operation: 'user.sign_in_with_passkey', userAgent: '' },
    ])
  })

  test('keeps of addresses what it is told to, and counts two that are then the same as one', () => {
    const log = new UseLog(0, {
      address: (address) => `${address.slice(0, 3)}*`,
      userAgent: (text) => text.toUpperCase(),
    })
    log.tokens.note('t', from('10.0.0.1', 'curl'), 'app.list', 1)
    log.tokens.note('t', from('10.0.0.2', 'curl'), 'app.list', 2)
    expect(log.finish(log.take()).tokens).toEqual([
      { id: 't', at: 2, operation: 'app.list', userAgent: 'CURL', usedFrom: [{ address: '10.*', at: 2 }] },
    ])
  })

  test('is bounded: it says when it should be written, and counts what it does not note', () => {
    const log = new UseLog(0, { address: same, userAgent: same }, { most: 5, many: 3 })
    let many = 0
    log.onMany = () => (many += 1)
    for (let id = 0; id < 8; id++) log.tokens.note(String(id), from('a'), 'app.list', id)
    log.tokens.note('0', from('a'), 'app.list', 99)
    expect([many, log.dropped]).toEqual([1, 3])
    const taken = log.take()
    expect(log.finish(taken).tokens.map(({ id, at }) => [id, at])).toEqual([
      ['0', 99],
      ['1', 1],
      ['2', 2],
      ['3', 3],
      ['4', 4],
    ])
    for (const id of ['0', 'new']) log.tokens.note(id, from('b'), 'app.list', 100)
    log.giveBack(taken)
    const again = log.finish(log.take()).tokens
    expect([again.length, again.find(({ id }) => id === '0')?.usedFrom, log.dropped]).toEqual([
      5,
      [
        { address: 'b', at: 100 },
        { address: 'a', at: 99 },
      ],
      4,
    ])
  })
})
