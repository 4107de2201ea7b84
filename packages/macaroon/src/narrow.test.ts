import { describe, expect, it } from 'vitest'
import type { Access } from './access.ts'
import { actions } from './action.ts'
import type { Caveat } from './caveat.ts'
import { clearCaveats } from './clear.ts'
import { MacaroonError } from './errors.ts'
import { caveatsOfWords, type NarrowingWords, splitItems, splitShellWords } from './narrow.ts'
import { caught } from './testing/errors.ts'

const { read, write, control, all, none } = actions
const ls = [{ args: ['ls'], exact: true }]
const org: Caveat = { type: 'Organization', id: 2n, mask: actions.any }

describe('the words', () => {
  it.each<readonly [string, NarrowingWords, readonly Caveat[]]>([
    ['no words', {}, []],
    ['reading', { actions: read }, [{ type: 'Action', mask: read }]],
    ['an organization', { organisation: 2n }, [{ type: 'Organization', id: 2n, mask: all }]],
    ['an organization to read', { organisation: 2n, actions: read }, [{ type: 'Organization', id: 2n, mask: read }]],
    ['an app to read', { apps: [7n], actions: read }, [{ type: 'Apps', apps: new Map([[7n, read]]) }]],
    [
      'a machine of an app',
      { apps: [7n], machines: ['m'], actions: read | control },
      [
        { type: 'Apps', apps: new Map([[7n, read | control]]) },
        { type: 'Machines', machines: new Map([['m', read | control]]) },
      ],
    ],
    ['an end', { notAfter: 99 }, [{ type: 'ValidityWindow', notBefore: 0n, notAfter: 99n }]],
    [
      'a mutation',
      { mutations: ['a'], actions: read },
      [
        { type: 'Mutations', mutations: ['a'] },
        { type: 'Action', mask: read },
      ],
    ],
    ['a command', { commands: ls }, [{ type: 'IfPresent', ifs: [{ type: 'Commands', commands: ls }], else: read }]],
    [
      'an app or a feature',
      { features: new Map([['wg', undefined]]), apps: [7n] },
      [
        {
          type: 'IfPresent',
          ifs: [
            { type: 'Apps', apps: new Map([[7n, all]]) },
            { type: 'FeatureSet', features: new Map([['wg', all]]) },
          ],
          else: none,
        },
      ],
    ],
    [
      'a feature with actions of its own',
      { features: new Map([['wg', read | write]]), actions: read },
      [{ type: 'FeatureSet', features: new Map([['wg', read]]) }],
    ],
  ])('%s', (_, words, caveats) => {
    expect(caveatsOfWords(words)).toEqual(caveats)
  })

  it('of a list may have commas or spaces between them', () => {
    expect(splitItems(' a1, b2\na1 ')).toEqual(['a1', 'b2'])
    expect(splitItems('a,')).toEqual(['a', ''])
  })

  it('combine so that each of them can be used, and nothing else', () => {
    const words = { apps: [7n], machines: ['m'], volumes: ['v'], features: new Map([['wg', undefined]]) }
    const allows = (access: Partial<Access>) =>
      clearCaveats([org, ...caveatsOfWords(words)], [{ orgId: 2n, now: 0, action: write, ...access }]).allowed
    expect(allows({ appId: 7n, machine: 'm' })).toBe(true)
    expect(allows({ appId: 7n, volume: 'v' })).toBe(true)
    expect(allows({ feature: 'wg' })).toBe(true)
    const forbidden: readonly Partial<Access>[] = [
      {},
      { appId: 7n },
      { appId: 7n, machine: 'n' },
      { appId: 7n, volume: 'm' },
      { appId: 8n, machine: 'm' },
      { feature: 'builder' },
      { storageObject: 's' },
    ]
    for (const access of forbidden) expect(allows(access)).toBe(false)
  })

  it('let a command be run, and leave reading to what is no command', () => {
    const words = { apps: [7n], commands: ls, features: new Map([['wg', write]]), volumes: ['v'] }
    const allows = (action: number, access: Partial<Access>) =>
      clearCaveats([org, ...caveatsOfWords(words)], [{ orgId: 2n, now: 0, action, ...access }]).allowed
    expect(allows(write | control, { feature: 'wg' })).toBe(false)
    expect(allows(write, { feature: 'wg' })).toBe(true)
    expect(allows(write, { appId: 7n, volume: 'v' })).toBe(true)
    expect(allows(write, { appId: 7n })).toBe(false)
    const machine = { appId: 7n, machine: 'm' }
    expect(caveatsOfWords({ apps: [7n], commands: ls })).toHaveLength(2)
    const simple = caveatsOfWords({ apps: [7n], commands: ls })
    const runs = (command: readonly string[]) =>
      clearCaveats([org, ...simple], [{ orgId: 2n, now: 0, action: write | control, ...machine, command }]).allowed
    expect(runs(['ls'])).toBe(true)
    expect(runs(['ls', '-l'])).toBe(false)
  })

  it('are refused where they contradict each other', () => {
    expect(() => caveatsOfWords({ commands: ls, actions: read })).toThrow(MacaroonError)
    expect(() => caveatsOfWords({ commands: ls, actions: read | control })).toThrow(/takes write and control/)
    expect(() => caveatsOfWords({ features: new Map([['wg', write]]), actions: read })).toThrow(/the feature wg/)
  })
})

describe('words of a wrong type are refused by their name, and never count as left out', () => {
  it.each<readonly [string, unknown]>([
    ['words', null],
    ['words', 5],
    ['words.organisation', { organisation: null }],
    ['words.organisation', { organisation: 2 }],
    // What JSON gives for an absent mask: it allowed everything in the organization.
    ['words.actions', { organisation: 2n, actions: null }],
    ['words.actions', { apps: [7n], actions: null }],
    ['words.actions', { organisation: 2n, actions: 'r' }],
    ['words.actions', { actions: 0x1_0000 }],
    ['words.apps', { apps: null }],
    ['words.apps[1]', { apps: [7n, 8] }],
    ['words.machines', { machines: 'abc' }],
    ['words.volumes[0]', { volumes: [null] }],
    ['words.features', { features: { wg: 1 } }],
    ['a key of words.features', { features: new Map([[5, 1]]) }],
    ['a value of words.features', { features: new Map([['wg', null]]) }],
    ['words.commands', { commands: 'ls' }],
    ['words.commands[0]', { commands: ['ls'] }],
    ['words.commands[0].args', { commands: [{ args: 'ls', exact: true }] }],
    ['words.commands[0].exact', { commands: [{ args: ['ls'] }] }],
    ['words.mutations', { mutations: 'abc' }],
    ['words.notAfter', { notAfter: null }],
    ['words.notAfter', { notAfter: Number.NaN }],
    ['words.notAfter', { notAfter: '99' }],
  ])('%s of %o', (name, words) => {
    const error = caught(() => caveatsOfWords(words as NarrowingWords))
    expect(error).toMatchObject({ code: 'bad-argument' })
    expect(String(error)).toContain(`${name} must be `)
  })

  it.each([splitItems, splitShellWords])('%o takes a text', (split) => {
    for (const value of [undefined, null, 5, ['ls']] as unknown[]) {
      expect(caught(() => split(value as string))).toMatchObject({ code: 'bad-argument' })
    }
  })
})
