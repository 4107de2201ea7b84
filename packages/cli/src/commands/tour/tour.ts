// `hallpass tour`: the story of an org token, with real commands against a real authority.
import { randomBytes } from 'node:crypto'

import { commandName } from '../../command-name.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags } from '../../flags.ts'
import { onStage, type Outcome, type Stage } from './stage.ts'

/** Plays the story; every step must end as the story says, or the tour fails. */
export async function giveTour(context: Context, _flags: GlobalFlags): Promise<void> {
  const account = { email: 'ada@example.com', password: randomBytes(18).toString('base64url') }
  const write = (line: string) => context.process.stdout.write(`${line}\n`)
  write('A throw-away authority is starting in a temporary directory.')
  await onStage(context.environment, account, (stage) => playStory(new Narrator(stage, write), account))
  write('')
  write(
    `That was all of it, and everything is removed again. Start your own with: ${commandName(context.environment)} serve`,
  )
}

async function playStory(tell: Narrator, account: { readonly email: string; readonly password: string }) {
  tell.say('A person logs in and has two organizations.')
  await tell.allowed(['auth', 'login', '--api-url', tell.url, '--email', account.email, '--password-stdin'], {
    input: account.password,
    shownBefore: 'echo "$PASSWORD" | ',
  })
  await tell.allowed(['orgs', 'create', 'Acme Staging'])
  await tell.allowed(['orgs', 'create', 'Acme Production'])

  tell.say('An org token controls every app of its organization …')
  const ci = await tell.mint('TOKEN', ['tokens', 'create', 'org', '-o', 'acme-staging', '-n', 'ci'])
  await tell.allowed(['apps', 'create', 'web-1', '-o', 'acme-staging'], ci)
  await tell.allowed(['apps', 'list'], ci)
  tell.say('… and nothing outside it.')
  await tell.denied(['apps', 'create', 'web-1', '-o', 'acme-production'], ci)

  tell.say('A deploy token controls one app, and creates none.')
  const deploy = await tell.mint('DEPLOY', ['tokens', 'create', 'deploy', '-a', 'web-1'])
  await tell.allowed(['apps', 'show', 'web-1'], deploy)
  await tell.denied(['apps', 'create', 'web-2', '-o', 'acme-staging'], deploy)

  tell.say('A read-only token may look, and change nothing.')
  const reader = await tell.mint('READER', ['tokens', 'create', 'readonly', '-o', 'acme-staging'])
  await tell.allowed(['apps', 'list'], reader)
  await tell.denied(['apps', 'create', 'web-2', '-o', 'acme-staging'], reader)

  tell.say('Any HTTP client can carry a token.')
  await tell.request('/v1/apps?org_slug=acme-staging', ci, 200)

  tell.say('Tokens are listed, without their secrets, and revoked by id.')
  const list = await tell.allowed(['tokens', 'list', '-s', 'org', '-o', 'acme-staging'])
  const [, id] = /^(\S+) {2,}ci {2,}/m.exec(list.stdout) ?? []
  if (id === undefined) throw new CommandError('failed', 'the list of tokens does not show the token ci')
  await tell.allowed(['tokens', 'revoke', id])

  tell.say('Revoked is dead, everywhere and at once.')
  await tell.denied(['apps', 'list'], ci)
  await tell.request('/v1/apps?org_slug=acme-staging', ci, 401)
}

interface Bearer {
  /** The shell variable that the story keeps the token in. */
  readonly variable: string
  readonly token: string
}

interface Extra {
  readonly input?: string
  readonly shownBefore?: string
}

/** Shows each command with what it really printed, and stops the tour where it did not do what it should. */
class Narrator {
  readonly #stage: Stage
  readonly #write: (line: string) => void

  constructor(stage: Stage, write: (line: string) => void) {
    this.#stage = stage
    this.#write = write
  }

  get url(): string {
    return this.#stage.url
  }

  say(line: string): void {
    this.#write(`\n# ${line}`)
  }

  async allowed(words: readonly string[], as: Bearer | Extra = {}): Promise<Outcome> {
    const outcome = await this.#run(words, as)
    if (outcome.code !== 0) throw astray(`the last command should have succeeded and ended with ${outcome.code}`)
    return outcome
  }

  async denied(words: readonly string[], as: Bearer): Promise<void> {
    const { code, stderr } = await this.#run(words, as)
    if (code !== 1 || !stderr.startsWith('Error: ')) throw astray('the last command should have been refused')
  }

  /** Runs a command that prints a token, and keeps it in a variable. */
  async mint(variable: string, words: readonly string[]): Promise<Bearer> {
    this.#write(`$ ${variable}=$(hallpass ${words.map(quote).join(' ')}); echo $${variable}`)
    const outcome = await this.#stage.run(words)
    this.#show(outcome)
    const token = outcome.stdout.trim()
    if (outcome.code !== 0 || !/^FlyV1 fm2_\S+$/.test(token))
      throw astray('the last command should have printed a token')
    return { variable, token }
  }

  async request(path: string, { variable, token }: Bearer, expected: number): Promise<void> {
    const address = `${this.url}${path}`
    this.#write(`$ curl -i -H "Authorization: $${variable}" '${address}'`)
    const response = await fetch(address, { headers: { authorization: token } })
    this.#write(`HTTP/1.1 ${response.status} ${response.statusText}`)
    this.#write(shorten((await response.text()).trim()))
    if (response.status !== expected) throw astray(`the last request should have been answered with ${expected}`)
  }

  async #run(words: readonly string[], as: Bearer | Extra): Promise<Outcome> {
    const before = 'token' in as ? `HALLPASS_API_TOKEN=$${as.variable} ` : (as.shownBefore ?? '')
    this.#write(`$ ${before}hallpass ${words.map(quote).join(' ')}`)
    const outcome = await this.#stage.run(words, as)
    this.#show(outcome)
    return outcome
  }

  #show({ stdout, stderr }: Outcome): void {
    for (const text of [stdout, stderr]) if (text !== '') this.#write(shorten(text.trimEnd()))
  }
}

function astray(what: string): CommandError {
  return new CommandError('failed', `this is not how the story goes: ${what}`)
}

function quote(word: string): string {
  return /^[\w./:@=-]+$/.test(word) ? word : `"${word}"`
}

/** Enough of a token to recognise it, and of an answer to see what it is. */
function shorten(text: string): string {
  const short = text.replace(/\b(fm2_[A-Za-z0-9+/]{8})[A-Za-z0-9+/=,_]+([A-Za-z0-9+/=]{8})/g, '$1…$2')
  return !short.includes('\n') && short.length > 240 ? `${short.slice(0, 240)}…` : short
}
