import { describe, expect, it } from 'vitest'

import { buildHallpass } from './application.ts'
import { isCommand, type Target } from './command-table.ts'
import { formatHelp, helpWidth } from './help.ts'
import { fill } from './wrap.ts'

const { root } = buildHallpass({}, undefined)

function find(...words: readonly string[]): Target {
  let target: Target = root
  for (const word of words) {
    const next: Target | undefined = isCommand(target) ? undefined : target.getRoutingTargetForInput(word)
    if (next === undefined) throw new Error(`there is no ${word}`)
    target = next
  }
  return target
}

const helpOf = (words: string, width: number) =>
  formatHelp(find(...words.split(' ')), { prefix: ['hallpass', ...words.split(' ')], aliases: [], width })

function* allTargets(target: Target, prefix: readonly string[]): Generator<readonly [Target, readonly string[]]> {
  yield [target, prefix]
  if (isCommand(target)) return
  for (const entry of target.getAllEntries()) yield* allTargets(entry.target, [...prefix, entry.name.original])
}

describe('help', () => {
  it('names letter, flag and what stands for its value, in two columns', () => {
    expect(helpOf('tokens create litefs-cloud', 80)).toBe(`USAGE
  hallpass tokens create litefs-cloud [FLAGS]

Create tokens for one LiteFS Cloud cluster

FLAGS
  -o, --org SLUG            Slug of the organization (or FLY_ORG)
  -c, --cluster NAME        Name of the cluster
  -x, --expiry DURATION     The duration that the token will be valid (default:
                            as the organization says, or 175200h0m0s)
  -n, --name NAME           Token name (default LiteFS Cloud token)
      --from NETWORK,…      Only from these networks (may be repeated)
  -j, --json                JSON output
  -t, --access-token TOKEN  Token to use instead of the login (or
                            HALLPASS_API_TOKEN)
      --api-url URL         Address of the authority (or HALLPASS_API_URL)
  -h, --help                Print this help
`)
  })

  it('says which arguments may be left away or repeated, what a flag may be, and what says the contrary', () => {
    expect(helpOf('apps destroy', 80)).toContain('hallpass apps destroy [FLAGS] APP…\n')
    expect(helpOf('tokens list', 80)).toContain('hallpass tokens list [FLAGS] [ORG]\n')
    expect(helpOf('tokens list', 80)).toContain('  -s, --scope app|org  ')
    expect(helpOf('orgs update', 80)).toContain('      --[no-]tokens-may-mint  ')
  })

  it.each([76, 80, 110])('of everything fits into %i columns', (width) => {
    for (const [target, words] of allTargets(root, ['hallpass'])) {
      const lines = formatHelp(target, { prefix: words, aliases: [], width }).split('\n')
      expect(lines.filter((line) => line.length > width)).toEqual([])
      expect(lines.filter((line) => line !== line.trimEnd())).toEqual([])
      expect(lines.filter((line) => /organisation/i.test(line))).toEqual([])
    }
  })

  it('is as wide as the terminal, within reason', () => {
    expect([undefined, 0, 10, 72, 500].map((columns) => helpWidth(columns))).toEqual([80, 80, 40, 72, 110])
  })
})

describe('fill', () => {
  it('fills paragraphs, keeps indented lines, and breaks nothing between backticks', () => {
    const text = 'one two\nthree `four five` six\n  --flag  what it does, in words\nseven\n\neight'
    expect(fill(text, 20)).toBe(
      'one two three\n`four five` six\n  --flag  what it\n          does, in\n          words\nseven\n\neight',
    )
  })
})
