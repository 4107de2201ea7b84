// The form that makes tokens where something in it is folded away, and the lines that it hands to a shell.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

import { beforeAll, describe, expect, it } from 'vitest'

import { usagesOf } from '../packages/dashboard/src/tokens/usage.ts'
import { founder } from './authority.ts'
import { focused, hasBrowser, prepareVisitor, prepareDashboard } from './dashboard.ts'
import { createApp } from './people.ts'
import { prepareOrganisation } from './prepare.ts'
import { reasonWithoutTerminal } from './terminal.ts'

describe.skipIf(!hasBrowser)('a narrowing that is folded away', () => {
  const prepared = prepareDashboard()
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared)
  beforeAll(async () => void (await createApp(ask, admin.token, slug, 'web-1')))
  const visitor = prepareVisitor(() => dashboard.visitorAs(founder, `/dashboard/${slug}/tokens`))

  it('says what will hold', async () => {
    const { page } = visitor
    await page.getByText('Restrict further').click()
    await page.getByRole('checkbox', { name: 'web-1' }).check()
    await page.getByRole('checkbox', { name: 'Read' }).check()
    await page.getByLabel('Only these machines').fill('d890, e123')
    await page.getByLabel('Only from these networks').fill('10.0.0.0/8')
    const summary = page.getByText('Restricted further: 1 app; to read; 2 machines; 1 network', { exact: true })
    await summary.click()
    expect(await page.getByLabel('Only these machines').isVisible()).toBe(false)
    expect(await summary.isVisible()).toBe(true)
    // What the kind of the token says by itself is not said twice, nor does it hold unseen.
    await page.getByText('Read only', { exact: true }).click()
    await page.getByText('Restricted further: 1 app; 2 machines; 1 network', { exact: true }).waitFor()
    await page.getByText('One app', { exact: true }).click()
    await page.getByText('Restricted further: to read; 2 machines; 1 network', { exact: true }).waitFor()
    await page.getByText('Everything', { exact: true }).click()
    await summary.click()
    expect(await page.getByLabel('Only these machines').inputValue()).toBe('d890, e123')
  })

  it('opens at the wrong field, each time, for every reach of the token', async () => {
    const { page } = visitor
    const commands = page.getByLabel('Only these commands in machines')
    const fold = page.locator('summary')
    await commands.fill('bin/migrate "up')
    for (const [kind, problem] of [
      ['Everything', /quotation mark|quote/],
      ['Everything', /quotation mark|quote/],
      ['Read only', /A read-only token cannot run commands/],
    ] as const) {
      await page.getByText(kind, { exact: true }).first().click()
      await fold.click()
      await commands.waitFor({ state: 'hidden' })
      await page.getByRole('button', { name: 'Create organization token' }).click()
      await expect.poll(() => focused(page)).toBe('Only these commands in machines (optional)')
      expect(await commands.isVisible()).toBe(true)
      const words = (await commands.getAttribute('aria-describedby')) ?? ''
      expect(await page.locator(`[id="${words}"]`).textContent()).toMatch(problem)
    }
    await page.getByText('Everything', { exact: true }).first().click()
    await commands.fill('')
    await page.getByRole('button', { name: 'Create organization token' }).click()
    await page.getByRole('heading', { name: 'Org deploy token is ready' }).waitFor()
    await page.getByRole('button', { name: 'Done, without copying' }).click()
    await page.getByRole('button', { name: 'New token' }).click()
    await page.getByText('Restrict further', { exact: true }).waitFor()
  })
})

describe.skipIf(!hasBrowser)('a name that is too long', () => {
  const prepared = prepareDashboard()
  const { dashboard } = prepared
  const slug = prepareOrganisation(prepared)
  const visitor = prepareVisitor(() => dashboard.visitorAs(founder, `/dashboard/${slug}/tokens`))

  it.each([
    ['tokens', undefined, 'Create organization token', 'is too long: at most 128 characters.'],
    [
      'apps',
      'New app',
      'Create',
      'is 1 to 63 characters of a-z, 0-9 and hyphens, with a letter or digit at both ends.',
    ],
    ['settings', undefined, 'Rename', 'is too long: at most 80 characters.'],
  ])('is pasted whole, and refused in words: %s', async (path, open, action, words) => {
    const { page } = visitor
    await page.goto(dashboard.url(`/dashboard/${slug}/${path}`))
    if (open !== undefined) await page.getByRole('button', { name: open }).click()
    const field = page.getByRole('textbox', { name: /^Name/ })
    await field.fill('')
    await page.keyboard.insertText('a'.repeat(200))
    await page.getByRole('button', { name: action, exact: true }).click()
    await page.getByText(`Name ${words}`).waitFor()
    expect(await field.inputValue()).toHaveLength(200)
  })
})

describe.skipIf(!hasBrowser)('an organization with limits', () => {
  const prepared = prepareDashboard()
  const { dashboard, ask, admin } = prepared
  const slug = prepareOrganisation(prepared)

  it('proposes its own lifetime, and none beyond its longest', async () => {
    const body = { max_token_lifetime: '240h', default_token_lifetime: '36h' }
    await ask('PATCH', `/v1/orgs/${slug}/policy`, { token: admin.token, body })
    const visitor = await dashboard.visitorAs(founder, `/dashboard/${slug}/tokens`)
    const { page } = visitor
    await page.getByText(/^Expires in 2 days: /).waitFor()
    expect(await page.getByLabel('Expires').locator('option').allTextContents()).toEqual([
      'In 1 hour',
      'In 1 day',
      'In 2 days',
      'In 7 days',
      'On a day …',
    ])
    await visitor.leave()
  })
})

const shells = ['dash', 'bash', 'zsh', 'fish', 'ksh', 'mksh', 'yash'].filter(
  (shell) => spawnSync(shell, ['-c', 'true']).status === 0,
)

describe.skipIf(reasonWithoutTerminal() !== undefined)('the line that uses a token', () => {
  // Longer than the line that a terminal keeps.
  const secret = `FlyV1 fm2_lJPECAAAAAAAAAAB${'A'.repeat(5000)},fm2_secret+/=`
  const lines = usagesOf('http://127.0.0.1:1', 'acme').filter(({ value }) => value !== 'actions')

  it.each(lines)('for $label is one line', ({ lines: line }) => {
    expect(line).not.toMatch(/[\r\n]/)
  })

  // As an old terminal does it: what is pasted comes like what is typed.
  it.each(shells.flatMap((shell) => lines.map((usage) => ({ shell, ...usage }))))(
    'for $label asks in $shell for the token, which is no command, in no history, and no argument of a program',
    async ({ shell, lines: line }) => {
      const home = await mkdtemp(join(tmpdir(), 'hallpass-shell-'))
      try {
        for (const program of ['npx', 'curl']) {
          const script = `#!/bin/sh\n{ echo "$*"; echo "token $HALLPASS_API_TOKEN"; case "$*" in *@-*) cat;; esac; } > ${home}/called\necho it is called\n`
          await writeFile(join(home, program), script, { mode: 0o755 })
        }
        const shown = await talk(shell, home, [
          [/[$#>] *$/, line],
          [/^Token: /m, secret],
          [/^it is called/m, 'exit'],
        ])
        expect(shown).not.toMatch(/not found|unknown command/i)
        const [command = '', ...given] = (await readFile(join(home, 'called'), 'utf8')).split('\n')
        expect(command).not.toContain('fm2_')
        expect(given.join('\n')).toContain(secret)
        for (const name of await readdir(home, { recursive: true })) {
          const text = name === 'called' ? '' : await readFile(join(home, name), 'utf8').catch(() => '')
          expect(text, name).not.toContain('fm2_secret')
        }
      } finally {
        await rm(home, { recursive: true, force: true })
      }
    },
  )
})

/** Pastes each line, and an Enter behind it, once what comes before is shown; gives all that was shown until it ended. */
function talk(
  shell: string,
  home: string,
  lines: readonly (readonly [after: RegExp, line: string])[],
): Promise<string> {
  const args = { bash: '--norc', zsh: '-f', fish: '--no-config', yash: '--norc' }[shell] ?? ''
  const child = spawn('script', ['-qefc', `stty cols 500; exec ${shell} ${args} -i`, '/dev/null'], {
    cwd: home,
    env: { PATH: `${home}:${process.env['PATH'] ?? ''}`, TERM: 'dumb', HOME: home, HISTFILE: join(home, 'history') },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    const waiting = [...lines]
    let shown = ''
    let seen = 0
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      shown += chunk
      const [next] = waiting
      const news = stripVTControlCharacters(shown.slice(seen)).replaceAll('\r', '\n')
      if (next === undefined || !next[0].test(news)) return
      waiting.shift()
      seen = shown.length
      child.stdin.write(`${next[1]}\r`)
    })
    child.once('error', reject)
    child.once('close', () => resolve(shown))
  })
}
