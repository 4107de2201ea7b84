// What README.md and docs/ say of commands and flags is what the table of commands has.
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { describe, expect, it } from 'vitest'

import { buildHallpass } from './application.ts'
import { scanArguments } from './arguments.ts'
import { clientVariables } from './client-variables.ts'
import { flagsOf, helpFlag, isCommand, versionFlag } from './command-table.ts'
import { globalFlags } from './flags.ts'
import { flagOf, hasFlag, listSettings, toKebab, variableOf } from './settings.ts'

const { root } = buildHallpass({}, undefined)
const repository = resolve(import.meta.dirname, '../../..')
const pages = ['README.md', 'SECURITY.md', ...readdirSync(resolve(repository, 'docs')).map((name) => `docs/${name}`)]
const read = (page: string) => readFileSync(resolve(repository, page), 'utf8')

/** The lines of blocks for a shell, and what stands between backticks. */
function codeOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```(?:sh)?\n([^]*?)^```/gm)].flatMap(([, block = '']) =>
    block.replaceAll('\\\n', ' ').split('\n'),
  )
  const spans = [...text.replace(/^```[^]*?^```/gm, '').matchAll(/`([^`]+)`/g)].map(([, span = '']) => span)
  return [...blocks, ...spans.map((span) => span.replaceAll('\n', ' '))]
}

/** The arguments of each `hallpass …` in it, as far as they go before a pipe or the like; of Docker's lines what runs in a container. */
function commandsOf(code: string): string[][] {
  const line = code.replace(/^docker (?:exec \S+ |.*)/, '')
  return [...line.matchAll(/(?:^|[\s("])hallpass ((?:"[^"]*"|'[^']*'|[^\s"'|;&)#<>`]+|[ \t])+)/g)].map(
    ([, words = '']) =>
      [...words.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replaceAll(/["']/g, '')),
  )
}

describe.each(pages.filter((page) => page.endsWith('.md')))('%s', (page) => {
  it('names commands that there are, with flags that they have', () => {
    for (const words of codeOf(read(page)).flatMap(commandsOf)) {
      const line = words.join(' ')
      const { route, target, rest } = scanArguments(root, words)
      expect(route.length > 0 || words[0] === '--version', line).toBe(true)
      const known = isCommand(target) ? [helpFlag, ...flagsOf(target)] : [helpFlag, versionFlag]
      const names = new Set(known.flatMap(({ name, letter }) => [`--${name}`, `-${letter}`, `--no-${name}`]))
      const end = rest.indexOf('--')
      const flags = rest.slice(0, end === -1 ? rest.length : end).filter((each) => /^-./.test(each))
      expect(
        flags.map((each) => each.replace(/=[^]*$/, '')).filter((each) => !names.has(each)),
        line,
      ).toEqual([])
    }
  })
})

it('finds the commands in README.md', () => {
  const found = codeOf(read('README.md'))
    .flatMap(commandsOf)
    .map((words) => words.slice(0, 2).join(' '))
  expect(found).toEqual(expect.arrayContaining(['auth signup', 'tokens revoke', 'serve --public-url', 'doctor']))
})

it("README.md's table of variables is the list of them", () => {
  const [, table = ''] = /^\| variable .*\n\|[- |]*\|\n((?:\|.*\n)*)/m.exec(read('README.md')) ?? []
  expect(table.replaceAll(/ +/g, ' ')).toBe(
    clientVariables.map(([name, what]) => `| \`${name}\` | ${what} |\n`).join(''),
  )
})

it("README.md's table of settings is the list of them, and names each secret that may stand in a file", () => {
  const readme = read('README.md')
  const [, table = ''] = /^\| setting .*\n\|[- |]*\|\n((?:\|.*\n)*)/m.exec(readme) ?? []
  const rows = table.trim().split('\n')
  const expected = listSettings().map((setting) => {
    const { name, what, usual = '', isSwitch } = setting
    return [
      what,
      hasFlag(setting) ? `\`${flagOf(name)}\`` : '',
      `\`${variableOf(name)}\`${isSwitch === true ? ', 1 or 0' : ''}`,
      isSwitch === true ? '0' : usual,
    ]
  })
  expect(
    rows.map((row) =>
      row
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    ),
  ).toEqual([...expected, ['What to log, as JSON lines on stderr', '`--log-level`', '', 'info']])
  const secrets = listSettings().flatMap(({ name, isSecret }) =>
    isSecret === true ? [`${variableOf(name)}_FILE`] : [],
  )
  expect(secrets.filter((name) => !readme.includes(`\`${name}\``))).toEqual([])
  // A flag that is no setting would be missing here and in the table.
  const { target } = scanArguments(root, ['serve'])
  const general = Object.keys(globalFlags).map(toKebab)
  const flags = isCommand(target) ? flagsOf(target).filter(({ isHidden }) => !isHidden) : []
  const known = [...general, ...rows.flatMap((row) => /`--([a-z-]+)`/.exec(row)?.[1] ?? [])]
  expect(flags.map(({ name }) => name).toSorted()).toEqual(known.toSorted())
})
