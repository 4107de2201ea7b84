// Every command of flyctl that concerns organisations, apps and tokens, by a real flyctl against a real authority.
// HALLPASS_FLYCTL names it, or it is found on the PATH; HALLPASS_FLYCTL_RECORD=1 writes down what it says for replay.test.ts.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { founder } from '../authority.ts'
import { expectAnswer } from '../http.ts'
import { dockerEngine, kubernetesEngine, settingsOfClusters } from '../machine-engines.ts'
import { findFlyctl, hasTerminal } from './client.ts'
import { machines, volumes } from './machine-scenes.ts'
import { commands, demandedMembership, holders, printedTokens, refusals } from './scenes.ts'
import { openStage, type Credential, type Stage, type StageOptions } from './stage.ts'

const binary = findFlyctl() ?? ''
if (binary === '') process.stderr.write('flyctl: skipped, for there is none: name one with HALLPASS_FLYCTL=PATH\n')
const recording = process.env['HALLPASS_FLYCTL_RECORD'] === '1'

/** A whole session may take a hundred commands. */
const aWhile = 300_000

const open: Stage[] = []
afterAll(() => Promise.all(open.map((stage) => stage.close())))

/** What is played under no name is not recorded: it says what another recording says. */
async function play(
  name: string | undefined,
  options: StageOptions,
  scene: (stage: Stage) => Promise<void>,
): Promise<void> {
  const stage = await openStage(binary, options)
  open.push(stage)
  await scene(stage)
  stage.settle('the test')
  if (!recording || name === undefined) return
  const file = join(import.meta.dirname, 'recorded', `${name}.json`)
  writeFileSync(file, `${JSON.stringify(stage.recording(), null, 1)}\n`)
}

describe.skipIf(binary === '')('flyctl', { timeout: aWhile }, () => {
  test.each<Credential>(['environment', 'stored', 'bundle'])(
    'does everything with a credential that is %s',
    (credential) => play(credential === 'stored' ? undefined : `commands-${credential}`, { credential }, commands),
  )
  test('is refused in words that help', () => play('refusals', { credential: 'environment' }, refusals))
  test('prints tokens that do what they should', () =>
    play('printed-tokens', { credential: 'environment' }, printedTokens))
  test('lets a holder narrow a token', () => play('holders', { credential: 'environment' }, holders))

  // Tickets say nothing twice: it is not recorded.
  test('answers for a token whose organisation demands membership', () =>
    play(undefined, { credential: 'environment' }, demandedMembership))

  test('logs in with a password, and out', () =>
    play('login-password', { credential: 'stored' }, async ({ fly }) => {
      const login = (password: string) => ['auth', 'login', '--email', founder.email, '--password', password]
      await fly(login('wrong'), { code: 1, refused: true, says: /incorrect email and password/ })
      await fly(login(founder.password), { says: /successfully logged in as ada@example\.com/ })
      await fly(['orgs', 'list'], { says: /base/ })
      await fly(['auth', 'logout'])
      await fly(['orgs', 'list'], { code: 1, says: /Please login/ })
    }))
})

describe.each([dockerEngine, kubernetesEngine])('flyctl and machines over $name', ({ missing, start }) => {
  const name = `does everything with machines${missing === undefined ? '' : `, skipped: ${missing}`}`
  test.skipIf(binary === '' || missing !== undefined)(name, { timeout: aWhile }, async () => {
    const engine = await start('')
    try {
      // Containers come up when they do: it is not recorded.
      const overrides = { engine: engine.setting, machinesRate: Infinity, ...settingsOfClusters }
      await play(undefined, { credential: 'environment', overrides }, (stage) => machines(stage, engine))
      await play(undefined, { credential: 'environment', overrides }, (stage) => volumes(stage, engine))
    } finally {
      await engine.stop()
    }
  })
})

describe.skipIf(binary === '' || !hasTerminal())('flyctl in a terminal', { timeout: aWhile }, () => {
  test.each([
    ['with a challenge', 'login-browser', undefined],
    // As flyctl did before it knew challenges.
    ['without a challenge', 'login-browser-plain', withoutChallenge],
  ] as const)('logs in through a browser %s', (_, name, rewrite) =>
    play(name, { credential: 'environment', ...(rewrite === undefined ? {} : { rewrite }) }, async (stage) => {
      let approved: Promise<void> | undefined
      const outcome = await stage.flyInTerminal(['auth', 'login'], (output) => {
        const [, id] = /\/cli\/([\w-]{43})/.exec(output) ?? []
        if (id === undefined || approved !== undefined) return
        approved = approve(stage, id)
        // It is awaited when the command has ended.
        approved.catch(() => undefined)
      })
      await approved
      expect(outcome.stdout).toMatch(/successfully logged in as .*ada@example\.com/)
      expect(outcome.code).toBe(0)
      stage.settle('fly auth login')
      await stage.fly(['auth', 'whoami'], { token: null, says: /ada@example\.com/ })
      await stage.fly(['auth', 'logout'], { token: null })
    }),
  )
})

/** What the approval page does for Ada. */
async function approve({ ask, ada }: Stage, id: string): Promise<void> {
  const answer = await ask('POST', `/v1/cli-logins/${id}/approve`, { token: ada })
  const { callback_url: callback } = expectAnswer(routes.approveCliLogin, answer)
  if (callback !== null) await fetch(callback)
}

function withoutChallenge(path: string, body: string): string {
  if (path !== '/api/v1/cli_sessions') return body
  const { name, signup, target } = JSON.parse(body) as Record<string, unknown>
  return JSON.stringify({ name, signup, target })
}
