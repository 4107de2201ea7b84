import { caveatsFromJSON } from '@hallpass/macaroon/json'
import { describe, expect, it } from 'vitest'

import { caveatsOfNarrowing, problemsOfNarrowing, toggleAction, unnarrowed } from './narrowing.ts'

describe('narrowing a new token', () => {
  it('adds no caveat where nothing is narrowed', () => {
    expect(caveatsOfNarrowing(unnarrowed)).toEqual([])
  })

  it('says all of it in caveats that the core reads', () => {
    const caveats = caveatsOfNarrowing({
      apps: [7, 9],
      actions: 'rwC',
      commands: 'ls -l "my dir" in\\ it # all of it\n\nuptime',
      takesMore: false,
      machines: 'a1, b2\na1',
    })
    expect(caveats).toEqual([
      { type: 'Apps', body: { apps: { 7: '*', 9: '*' } } },
      { type: 'Machines', body: { machines: { a1: '*', b2: '*' } } },
      { type: 'Action', body: 'rwC' },
      {
        type: 'IfPresent',
        body: {
          ifs: [
            {
              type: 'Commands',
              body: [
                { args: ['ls', '-l', 'my dir', 'in it'], exact: true },
                { args: ['uptime'], exact: true },
              ],
            },
          ],
          else: 'r',
        },
      },
    ])
    expect(caveatsFromJSON(JSON.stringify(caveats)).map(({ type }) => type)).toEqual([
      'Apps',
      'Machines',
      'Action',
      'IfPresent',
    ])
  })

  it('names what cannot be: commands without the actions that running takes, a quotation mark left open', () => {
    expect(problemsOfNarrowing({ ...unnarrowed, commands: 'ls', actions: 'r' }).commands).toContain('Control')
    expect(problemsOfNarrowing({ ...unnarrowed, commands: 'ls\n\nls "x' }).commands).toBe(
      'Line 3 has a double quote that is not closed.',
    )
    expect(problemsOfNarrowing({ ...unnarrowed, commands: '# every one?' }).commands).toBe('Line 1 names no command.')
    expect(problemsOfNarrowing({ ...unnarrowed, commands: 'ls' })).toEqual({})
  })

  it('keeps the order of the letters', () => {
    expect(['C', 'r', 'w', 'r'].reduce(toggleAction, '')).toBe('wC')
  })
})
