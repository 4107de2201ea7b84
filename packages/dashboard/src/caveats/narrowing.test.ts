import { actions } from '@hallpass/macaroon'
import { caveatsOfWords } from '@hallpass/macaroon/narrow'
import { describe, expect, it } from 'vitest'

import { problemsOfNarrowing, toggleAction, unnarrowed, wordsOfNarrowing } from './narrowing.ts'

describe('narrowing a new token', () => {
  it('says nothing where nothing is narrowed', () => {
    expect(caveatsOfWords(wordsOfNarrowing(unnarrowed))).toEqual([])
  })

  it('says all of it in words of the core', () => {
    const words = wordsOfNarrowing({
      apps: [7n, 9n],
      actions: 'rwC',
      commands: 'ls -l "my dir" in\\ it # all of it\n\nuptime',
      takesMore: false,
      machines: 'a1, b2\na1,',
      networks: '10.0.0.0/8, ::1',
    })
    expect(words).toEqual({
      apps: [7n, 9n],
      machines: ['a1', 'b2'],
      networks: ['10.0.0.0/8', '::1'],
      actions: actions.read | actions.write | actions.control,
      commands: [
        { args: ['ls', '-l', 'my dir', 'in it'], exact: true },
        { args: ['uptime'], exact: true },
      ],
    })
  })

  it('names what cannot be: commands without the actions that running takes, a quotation mark left open', () => {
    expect(problemsOfNarrowing({ ...unnarrowed, commands: 'ls', actions: 'r' }).commands).toContain('Control')
    expect(problemsOfNarrowing({ ...unnarrowed, commands: 'ls\n\nls "x' }).commands).toBe(
      'Line 3 has a double quote that is not closed.',
    )
    expect(problemsOfNarrowing({ ...unnarrowed, commands: '# every one?' }).commands).toBe('Line 1 names no command.')
    expect(problemsOfNarrowing({ ...unnarrowed, commands: 'ls' })).toEqual({})
  })

  it('names what is wrong with a network', () => {
    expect(problemsOfNarrowing({ ...unnarrowed, networks: '10.1.0.0/8' }).networks).toBe(
      'This has bits beyond its length: write 10.0.0.0/8.',
    )
    expect(problemsOfNarrowing({ ...unnarrowed, networks: '::1, office' }).networks).toMatch(
      /^Number 2 is not a network/,
    )
    expect(problemsOfNarrowing({ ...unnarrowed, networks: '::1 10.0.0.0/8' })).toEqual({})
  })

  it('keeps the order of the letters', () => {
    expect(['C', 'r', 'w', 'r'].reduce(toggleAction, '')).toBe('wC')
  })
})
