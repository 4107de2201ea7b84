import { caveatsFromJSON } from '@hallpass/macaroon/json'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { caveatsOfNarrowing, problemsOfNarrowing, splitWords, toggleAction, unnarrowed } from './narrowing.ts'

describe('narrowing a new token', () => {
  it('adds no caveat where nothing is narrowed', () => {
    expect(caveatsOfNarrowing(unnarrowed)).toEqual([])
  })

  it('says all of it in caveats that the core reads', () => {
    const caveats = caveatsOfNarrowing({
      apps: [7, 9],
      actions: 'rwC',
      commands: 'ls -l "my dir"\n\nuptime',
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
                { args: ['ls', '-l', 'my dir'], exact: true },
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
    expect(problemsOfNarrowing({ ...unnarrowed, commands: 'ls "x' }).commands).toContain('quotation mark')
    expect(problemsOfNarrowing({ ...unnarrowed, commands: 'ls' })).toEqual({})
  })

  it('keeps the order of the letters', () => {
    expect(['C', 'r', 'w', 'r'].reduce(toggleAction, '')).toBe('wC')
  })

  it('splits any line into words that the core takes, or says that it cannot', () => {
    const unit = fc.constantFrom('a', ' ', '"', "'", '\\', 'é', '\t')
    fc.assert(
      fc.property(fc.string({ unit }), (line) => {
        const words = splitWords(line)
        if (words === undefined) return
        const json = JSON.stringify([{ type: 'Commands', body: [{ args: words, exact: true }] }])
        expect(() => caveatsFromJSON(json)).not.toThrow()
      }),
    )
  })

  it('finds the words again that somebody put in quotation marks', () => {
    const word = fc.string({ unit: fc.constantFrom('a', ' ', "'", '-', 'é'), minLength: 1 })
    fc.assert(
      fc.property(fc.array(word), fc.constantFrom(' ', '  ', '\t'), (words, gap) => {
        expect(splitWords(words.map((each) => `"${each}"`).join(gap))).toEqual(words)
      }),
    )
  })
})
