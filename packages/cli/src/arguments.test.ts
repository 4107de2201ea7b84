import { describe, expect, it } from 'vitest'

import { buildHallpass } from './application.ts'
import { arrangeArguments } from './arguments.ts'
import { commandsBelow, flagsOf } from './command-table.ts'
import { CommandError } from './errors.ts'

const { root } = buildHallpass({}, undefined)
const arrange = (line: string) => arrangeArguments(root, line.split(' '))

describe('arrangeArguments', () => {
  it.each([
    ['tokens create org -o acme', 'tokens create org -o=acme'],
    ['tokens create org -oacme -x=1h -n=', 'tokens create org -o=acme -x=1h -n '],
    ['tokens create org --org=acme -j', 'tokens create org --org=acme -j'],
    ['tokens create org -jo acme', 'tokens create org -j -o=acme'],
    ['tokens create org -jnci -o', 'tokens create org -j -n=ci -o'],
    ['tokens create org -joacme', 'tokens create org -j -o=acme'],
    ['tokens create org -n -dashed -j', 'tokens create org -n=-dashed -j'],
    ['tokens create org -n -- -j', 'tokens create org -n=-- -j'],
    ['tokens create org -n --json -j', 'tokens create org -n=--json -j'],
    ['tokens create org -j=false', 'tokens create org -j=false'],
    ['tokens create org -jh', 'tokens create org -j -h'],
    ['serve --public-url -x --keep-audit --listen', 'serve --public-url=-x --keep-audit=--listen'],
    ['serve --publicUrl -x', 'serve --publicUrl=-x'],
    ['orgs update --no-tokens-may-mint acme', 'orgs update --no-tokens-may-mint acme'],
    ['--api-url http://a -t x orgs list', 'orgs list --api-url=http://a --access-token=x'],
    ['tokens -jo acme create org', 'tokens create org -j -o=acme'],
    ['orgs -t=x list -- -t y', 'orgs list --access-token=x -- -t y'],
    ['tokens create machine-exec -a web -- ls -la', 'tokens create machine-exec -a=web -- ls -la'],
    ['help tokens list', 'tokens list --help'],
    ['tokens help', 'tokens --help'],
    ['help nope', 'nope'],
    ['help tokens create nope', 'tokens create nope'],
    ['help tokens list nope', 'tokens list --help nope'],
    ['help tokens list one two', 'tokens list one two'],
    ['-v extra', 'extra'],
    ['--help extra', 'extra'],
    ['orgs -h extra', 'orgs extra'],
    ['-t x --help', '--access-token=x --help'],
    ['version --help extra', 'version extra'],
    ['orgs list --nope --help', 'orgs list --nope'],
    ['orgs update --help --no-tokens-may-mint', 'orgs update --help --no-tokens-may-mint'],
    ['flyctl --help apps', 'flyctl --help -- apps'],
    ['orgs create help', 'orgs create help'],
    ['tokens list -a', 'tokens list -a'],
    ['tokens attenuate -f- -l=x', 'tokens attenuate -f=- -l=x'],
    ['tokens 3p add-discharge -d -x', 'tokens 3p add-discharge -d=-x'],
    ['token ls -sorg', 'token ls -s=org'],
    ['flyctl -- -h', 'flyctl -- -h'],
    ['machine exec -a web one ls -la -a x', 'machine exec -a=web one -- ls -la -a x'],
    ['machine run image -e A=b sh -c x --rm --help', 'machine run image -e=A=b -- sh -c x --rm --help'],
    ['machine exec one -- ls -la', 'machine exec one -- ls -la'],
    ['flyctl --api-url http://a -- apps list', 'flyctl --api-url=http://a -- apps list'],
    ['nope list -o x', 'nope list -o=x'],
    ['tokens revoke - -1', 'tokens revoke - -1'],
  ])('%j becomes %j', (given, expected) => {
    expect(arrange(given).join(' ')).toBe(expected)
  })

  it('keeps empty and many-lined values apart, which the parser cannot read tied', () => {
    expect(arrangeArguments(root, ['tokens', 'list', '-o', ''])).toEqual(['tokens', 'list', '-o', ''])
    expect(arrangeArguments(root, ['tokens', 'list', '-o', '-a\nb'])).toEqual(['tokens', 'list', '-o', '-a\nb'])
  })

  it.each(['--constructor', '--to-string', '--hasOwnProperty=1', '-j1', '--json='])('knows no flag %s', (flag) => {
    expect(() => arrangeArguments(root, ['tokens', 'list', flag])).toThrow(CommandError)
  })

  it.each(['-v --nope', '--help --nope', 'orgs -h -q', 'help --nope'])(
    'knows no flag in %j, which asks for help',
    (line) => {
      expect(() => arrange(line)).toThrow(/^there is no flag --?(?:nope|q)$/)
    },
  )

  it('wants a command where there are flags alone, and does not repeat them', () => {
    const none = 'no command is given: see `hallpass tokens create --help`'
    expect(() => arrange('tokens create -t fm2_secret')).toThrow(none)
    expect(() => arrange('tokens create -- org')).toThrow(none)
    expect(() => arrange('tokens create -- --help')).toThrow(none)
  })

  // Otherwise the value of a flag before a command could be taken for the command.
  it('knows no flag that takes a value in one command and none in another', () => {
    const flags = commandsBelow(root).flatMap(flagsOf)
    const taking = new Set(flags.filter(({ placeholder }) => placeholder !== undefined).map(({ name }) => name))
    const others = flags.filter(({ placeholder }) => placeholder === undefined).map(({ name }) => name)
    expect(others.filter((each) => taking.has(each))).toEqual([])
  })

  it('takes a letter of which that is not so behind the command only', () => {
    expect(arrange('machine logs -f one').join(' ')).toBe('machine logs -f one')
    expect(arrange('tokens attenuate -f caveats.json').join(' ')).toBe('tokens attenuate -f=caveats.json')
    expect(() => arrange('-f machine logs one')).toThrow('-f means different things in different commands')
  })
})
