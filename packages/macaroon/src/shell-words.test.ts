import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MacaroonError } from './errors.ts'
import { splitShellWords } from './shell-words.ts'
import { anyText } from './testing/any-text.ts'

describe('splitShellWords', () => {
  it.each([
    ['ls -la  /tmp', ['ls', '-la', '/tmp']],
    ['echo "a b"c \'d "e\'', ['echo', 'a bc', 'd "e']],
    ['echo "" \'\'', ['echo', '', '']],
    ['a\\ b "q\\"q" \'s\\s\'', ['a b', 'q"q', 's\\s']],
    ['one # two\nthree', ['one', 'three']],
    ['one#two', ['one#two']],
    ['echo $HOME `id` a;b', ['echo', '$HOME', '`id`', 'a;b']],
  ])('%j is %j', (line, words) => {
    expect(splitShellWords(line)).toEqual(words)
  })

  it.each([
    ['"open', 'double quote'],
    ["it's", 'single quote'],
    ['end\\', 'backslash'],
    ['"a\\', 'double quote'],
    ['', 'names no command'],
    [' \t\n', 'names no command'],
    ['# nothing but words', 'names no command'],
  ])('refuses %j, and does not repeat it', (line, why) => {
    expect(() => splitShellWords(line)).toThrow(why)
    expect(() => splitShellWords(line)).toThrow(MacaroonError)
  })

  it('reads back words that were quoted', () => {
    const quote = (word: string) => `'${word.replaceAll("'", `'"'"'`)}'`
    fc.assert(
      fc.property(fc.array(anyText(), { minLength: 1 }), (words) => {
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
          return error instanceof MacaroonError
        }
      }),
    )
  })
})
