import { actions } from '@hallpass/macaroon'
import { describe, expect, it } from 'vitest'

import { CommandError } from './errors.ts'
import {
  narrows,
  readActions,
  readCommands,
  readEnd,
  readFeatures,
  readInstant,
  readItems,
  type NarrowingFlags,
} from './narrowing-flags.ts'

const now = new Date('2026-11-01T12:00:00.900Z')
const seconds = Date.parse('2026-11-01T12:00:00Z') / 1000

function misuse(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof CommandError && error.code === 'misused') return error.message
  }
  throw new Error('this is not refused')
}

describe('readInstant', () => {
  it.each([
    ['2026-12-01T00:00Z', '2026-12-01T00:00:00Z'],
    ['2026-12-01T00:00:59Z', '2026-12-01T00:00:59Z'],
    ['2026-12-01T00:00:59.999Z', '2026-12-01T00:00:59Z'],
    ['2026-12-01T01:30+02:00', '2026-11-30T23:30:00Z'],
    ['2028-02-29T23:59-05:30', '2028-03-01T05:29:00Z'],
  ])('reads %s', (text, same) => {
    expect(readInstant(text)).toBe(Date.parse(same) / 1000)
  })

  it.each([
    '',
    'tomorrow',
    '2026-12-01',
    '2026-12-01T00Z',
    '2026-12-01T00:00',
    '2026-12-01 00:00Z',
    '2026-12-01t00:00z',
    '2026-02-29T00:00Z',
    '2026-02-30T00:00Z',
    '2026-13-01T00:00Z',
    '2026-12-01T24:00Z',
    '2026-12-01T23:60Z',
    '2026-12-01T23:59:60Z',
    '2026-12-01T00:00+24:00',
    '2026-12-01T00:00+0200',
    '1790000000',
    '2026-12-01T00:00:00.Z',
    '2026-12-01T00:00Z ',
  ])('refuses %j', (text) => {
    expect(readInstant(text)).toBeUndefined()
  })
})

describe('the end', () => {
  it('is so long from now, or then', () => {
    expect(readEnd({ for: '2h' }, now)).toBe(seconds + 7200)
    expect(readEnd({ until: '2026-11-01T12:01Z' }, now)).toBe(seconds + 60)
    expect(readEnd({}, now)).toBeUndefined()
  })

  it.each<readonly [NarrowingFlags, string]>([
    [{ for: '2h', until: '2027-01-01T00:00Z' }, 'give one'],
    [{ for: '-2h' }, 'the value of --for is negative'],
    [{ for: '2 hours' }, 'the value of --for is not a duration'],
    [{ until: '2026-11-01T12:00:00Z' }, 'the value of --until lies in the past'],
    [{ until: 'soon' }, 'the value of --until is not an instant: write it like 2026-12-01T00:00Z'],
  ])('is refused: %j', (flags, why) => {
    expect(misuse(() => readEnd(flags, now))).toContain(why)
  })
})

describe('lists', () => {
  it('may have commas or spaces and be given more than once', () => {
    expect(readItems('app', ['web,api', 'web', ' db ', 'a ,b\nc'])).toEqual(['web', 'api', 'db', 'a', 'b', 'c'])
    expect(readItems('app', undefined)).toBeUndefined()
    for (const empty of [[''], ['a,'], [',']]) {
      expect(misuse(() => readItems('app', empty))).toBe('the value of --app has an empty item')
    }
  })

  it('of features may say actions', () => {
    expect(readFeatures({ feature: ['wg,builder:r', 'x:Cw'] })).toEqual(
      new Map([
        ['wg', undefined],
        ['builder', actions.read],
        ['x', actions.write | actions.control],
      ]),
    )
    expect(misuse(() => readFeatures({ feature: ['wg:x'] }))).toContain('--feature has an unknown action "x"')
    expect(misuse(() => readFeatures({ feature: ['wg:'] }))).toContain('names no action')
    expect(misuse(() => readFeatures({ feature: [':r'] }))).toContain('NAME:ACTIONS')
    expect(misuse(() => readFeatures({ feature: ['a:r:w'] }))).toContain('NAME:ACTIONS')
    expect(misuse(() => readFeatures({ feature: ['wg', 'wg:r'] }))).toContain('twice')
  })
})

describe('actions and commands', () => {
  it('are read', () => {
    expect(readActions({})).toBeUndefined()
    expect(readActions({ readOnly: true })).toBe(actions.read)
    expect(readActions({ actions: 'rC' })).toBe(actions.read | actions.control)
    expect(readActions({ actions: '*' })).toBe(actions.all)
    expect(readCommands({ command: ['ls -l'], commandPrefix: ['bin/rails "a b"'] })).toEqual([
      { args: ['ls', '-l'], exact: true },
      { args: ['bin/rails', 'a b'], exact: false },
    ])
  })

  it('are refused where they mean nothing', () => {
    expect(misuse(() => readActions({ readOnly: true, actions: 'r' }))).toContain('give one')
    expect(misuse(() => readActions({ actions: '' }))).toContain('names no action')
    expect(misuse(() => readActions({ actions: 'rx' }))).toContain('unknown action "x"')
    expect(misuse(() => readCommands({ command: ['  '] }))).toContain('--command names no command')
    expect(misuse(() => readCommands({ commandPrefix: [''] }))).toContain('--command-prefix names no command')
  })

  it('count as narrowing', () => {
    expect(narrows({})).toBe(false)
    for (const flags of [{ readOnly: true }, { for: '2h' }, { app: ['web'] }, { command: ['ls'] }]) {
      expect(narrows(flags)).toBe(true)
    }
  })
})
