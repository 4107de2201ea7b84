// The stage of the tour: a temporary directory, an authority in it, and real commands.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

import type { Environment } from '../../environment.ts'
import { CommandError } from '../../errors.ts'
import { reasonOf } from '../../text-file.ts'

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Stage {
  /** Where the throw-away authority listens. */
  readonly url: string
  run(words: readonly string[], extra?: { readonly input?: string; readonly token?: string }): Promise<Outcome>
}

export interface Account {
  readonly email: string
  readonly password: string
}

const startTimeout = 30_000
const stopTimeout = 5_000

/** Sets up the stage, plays, and always removes it, also when a signal ends the play. */
export async function onStage(
  environment: Environment,
  account: Account,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-tour-'))
  const children = new Set<ChildProcess>()
  let cleared = false
  const clear = async () => {
    cleared = true
    await Promise.all([...children].map(stopChild))
    await rm(directory, { recursive: true, force: true, maxRetries: 3 })
  }
  const interrupt = interruption()
  try {
    const own = { ...withoutOwn(environment), HALLPASS_CONFIG_DIR: join(directory, 'config') }
    const url = await Promise.race([startAuthority(own, directory, account, children), interrupt.happened])
    const stage: Stage = {
      url,
      run: async (words, extra = {}) => {
        if (cleared) throw new CommandError('cancelled', 'the tour was interrupted')
        return runCommand(own, directory, words, extra, children)
      },
    }
    await Promise.race([play(stage), interrupt.happened])
  } finally {
    interrupt.forget()
    await clear()
  }
}

/** The person's own settings must not affect the tour. */
function withoutOwn(environment: Environment): Record<string, string> {
  const kept = Object.entries(environment).filter(([name]) => !/^(?:HALLPASS|FLY)_/.test(name))
  return Object.fromEntries(kept.map(([name, value]) => [name, value ?? '']))
}

async function startAuthority(
  environment: Record<string, string>,
  directory: string,
  account: Account,
  children: Set<ChildProcess>,
): Promise<string> {
  const words = ['serve', '--listen', '127.0.0.1:0', '--data', join(directory, 'data'), '--log-level', 'error']
  const child = spawnHallpass(words, directory, {
    ...environment,
    HALLPASS_BOOTSTRAP_EMAIL: account.email,
    HALLPASS_BOOTSTRAP_PASSWORD: account.password,
  })
  children.add(child)
  child.stdin.end()
  let said = ''
  return new Promise<string>((resolve, reject) => {
    const give = (why: string) => reject(new CommandError('failed', `the throw-away authority ${why}: ${said.trim()}`))
    const timer = setTimeout(() => give(`did not start within ${startTimeout / 1000} seconds`), startTimeout)
    const hear = (chunk: string) => {
      said += chunk
      const [, url] = /Hallpass listens at (\S+) /.exec(said) ?? []
      if (url === undefined) return
      clearTimeout(timer)
      resolve(url)
    }
    child.stdout.setEncoding('utf8').on('data', hear)
    child.stderr.setEncoding('utf8').on('data', hear)
    child.on('error', (error) => give(`could not be started (${reasonOf(error)})`))
    child.on('close', () => {
      clearTimeout(timer)
      children.delete(child)
      give('stopped')
    })
  })
}

async function runCommand(
  environment: Record<string, string>,
  directory: string,
  words: readonly string[],
  { input = '', token }: { readonly input?: string; readonly token?: string },
  children: Set<ChildProcess>,
): Promise<Outcome> {
  const child = spawnHallpass(words, directory, {
    ...environment,
    ...(token === undefined ? {} : { HALLPASS_API_TOKEN: token }),
  })
  children.add(child)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  // A command that refuses before it reads closes the pipe: that is not an error.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  return new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      children.delete(child)
      resolve({ code, stdout, stderr })
    })
  })
}

function spawnHallpass(words: readonly string[], directory: string, environment: Record<string, string>) {
  const script = process.argv[1]
  if (script === undefined) throw new CommandError('failed', 'the tour does not know how hallpass was started')
  return spawn(process.execPath, [script, ...words], { cwd: directory, env: environment, stdio: 'pipe' })
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeout)
  child.kill('SIGTERM')
  await gone
  clearTimeout(timer)
}

function interruption() {
  let stop = () => {}
  const happened = new Promise<never>((_, reject) => {
    stop = () => reject(new CommandError('cancelled', 'the tour was interrupted'))
  })
  // Without a listener, a rejection that nobody awaits would end the process.
  happened.catch(() => undefined)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  const forget = () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.removeListener(signal, stop)
  }
  return { happened, forget }
}
