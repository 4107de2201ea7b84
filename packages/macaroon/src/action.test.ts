import { describe, expect, it } from 'vitest'
import { actions, describeAction, formatAction, isAction, isSubset, parseAction } from './action.ts'
import { caught } from './testing/errors.ts'

describe('parseAction and formatAction', () => {
  it('speak the five letters in any order', () => {
    expect(parseAction('rwcdC')).toBe(actions.all)
    expect(parseAction('Cr')).toBe(actions.control | actions.read)
    expect(parseAction('rrr')).toBe(actions.read)
    expect(parseAction('')).toBe(actions.none)
    for (let action = 0; action < 32; action += 1) expect(parseAction(formatAction(action))).toBe(action)
  })

  it('know the star alone, which has more bits than the five', () => {
    expect(parseAction('*')).toBe(0xffff)
    expect(formatAction(0xffff)).toBe('rwcdC')
    expect(caught(() => parseAction('r*')).code).toBe('bad-action')
  })

  it('refuse letters that Go would ignore', () => {
    expect(caught(() => parseAction('rx')).message).toBe('unknown action "x" (known are r w c d C, and * alone)')
    expect(caught(() => parseAction('R')).code).toBe('bad-action')
    expect(caught(() => parseAction('r w')).code).toBe('bad-action')
  })
})

describe('describeAction', () => {
  it.each([
    [0, 'nothing'],
    [1, 'read'],
    [3, 'read and write'],
    [31, 'read, write, create, delete and control'],
    [0xffff, 'read, write, create, delete and control'],
    [0x20, 'actions without a name'],
    [0x8001, 'read and actions without a name'],
  ])('%i is %s', (action, words) => {
    expect(describeAction(action)).toBe(words)
  })
})

describe('isSubset and isAction', () => {
  it('hold a mask against another', () => {
    expect(isSubset(actions.read, actions.all)).toBe(true)
    expect(isSubset(actions.none, actions.none)).toBe(true)
    expect(isSubset(actions.any, actions.all)).toBe(false)
  })

  it('know what is no mask', () => {
    for (const value of [-1, 0x10000, 1.5, Number.NaN, 1n, 'r', undefined]) expect(isAction(value)).toBe(false)
  })
})
