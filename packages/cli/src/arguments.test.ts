import { describe, expect, it } from 'vitest'

import { arrangeArguments } from './arguments.ts'
import { CommandError } from './errors.ts'

const arrange = (line: string) => arrangeArguments(line.split(' '))

describe('arrangeArguments', () => {
  it.each([
    ['tokens create org -o acme', 'tokens create org -o acme'],
    ['tokens create org -oacme -x=1h -n=', 'tokens create org -o acme -x 1h -n '],
    ['tokens create org --org=acme -j', 'tokens create org --org acme -j'],
    ['tokens create org -n -dashed -j', 'tokens create org -n=-dashed -j'],
    ['--api-url http://a -t x orgs list', 'orgs list --api-url http://a -t x'],
    ['orgs -t=x list -- -t y', 'orgs list -t x -- -t y'],
    ['tokens create machine-exec -a web -- ls -la', 'tokens create machine-exec -a web -- ls -la'],
    ['help tokens list', 'tokens list --help'],
    ['tokens list -a', 'tokens list -a'],
    ['tokens attenuate -f- -l=x', 'tokens attenuate -f=- -l x'],
    ['tokens 3p add-discharge -d -x', 'tokens 3p add-discharge -d=-x'],
    ['machine status -d -x', 'machine status -d -x'],
    ['tokens revoke - -1', 'tokens revoke - -1'],
  ])('%j becomes %j', (given, expected) => {
    expect(arrange(given).join(' ')).toBe(expected)
  })

  it('keeps empty and many-lined values apart, which the parser cannot read tied', () => {
    expect(arrangeArguments(['-n', ''])).toEqual(['-n', ''])
    expect(arrangeArguments(['-n', '-a\nb'])).toEqual(['-n', '-a\nb'])
  })

  it.each(['--constructor', '--to-string', '--hasOwnProperty=1'])('knows no flag %s', (flag) => {
    expect(() => arrangeArguments(['tokens', flag])).toThrow(CommandError)
  })
})
