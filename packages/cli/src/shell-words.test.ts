import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { CommandError } from './errors.ts'
import { splitShellWords } from './shell-words.ts'

describe('splitShellWords', () => {
  it.each([
    ['ls -la  /tmp', ['ls', '-la', '/tmp']],
    ['', []],
    [' \t\n', []],
    ['echo "a b"c \'d "e\'', ['echo', 'a bc', 'd "e']],
    ['echo "" \'\'', ['echo', '', '']],
    ['a\\ b "q\\"q" \'s\\s\'', ['a b', 'q"q', 's\\s']],
    ['one # two\nthree', ['one', 'three']],
    ['one#two', ['one#two']],
    ['echo $HOME `id` a;b', ['echo', '$HOME', '`id`', 'a;b']],
  ])('%j is %j', (line, words) => {
    expect(splitShellWords(line)).toEqual(words)
  })

  it.each(['"open', "it's", 'end\\', '"a\\'])('refuses %j', (line) => {
    expect(() => splitShellWords(line)).toThrow(CommandError)
  })

  it('reads back words that were quoted', () => {
    const quote = (word: string) => `'${word.replaceAll("'", `'"'"'`)}'`
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
        expect(splitShellWords(words.map(quote).join(' '))).toEqual(words)
      }),
    )
  })

  it('throws nothing but its own error', () => {
    const shellish = fc.string({ unit: fc.constantFrom('"', "'", '\\', '#', ' ', '\n', 'a') })
    fc.assert(
      fc.property(shellish, (line) => {
        try {
          return splitShellWords(line).length <= line.length
        } catch (error) {
          return error instanceof CommandError && error.code === 'misused'
        }
      }),
    )
  })
})
