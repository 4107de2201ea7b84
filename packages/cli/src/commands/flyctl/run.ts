// `hallpass flyctl -- …`: runs flyctl with the variables that keep it at an authority.
import { spawn } from 'node:child_process'
import { homedir } from 'node:os'
import { isAbsolute } from 'node:path'
import process from 'node:process'

import { locateConfig, readConfig } from '../../config-file.ts'
import { isSet, readPathVariable, type Context } from '../../context.ts'
import type { Environment } from '../../environment.ts'
import { chooseServer, isServerOfEnvironment } from '../../credentials.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags } from '../../flags.ts'
import { tell } from '../../output.ts'
import { reasonOf } from '../../text-file.ts'
import { listVariables, tokenVariables } from './variables.ts'

/**
 * Runs it with these arguments, and ends as it ends. It uses its own login at this authority, or the environment's
 * token for the authority that the environment names.
 */
export async function runFlyctl(
  context: Context,
  flags: Pick<GlobalFlags, 'apiUrl'>,
  ...words: readonly string[]
): Promise<void> {
  if (words.length === 0) {
    const usage = '`hallpass flyctl -- apps list` runs `flyctl apps list`'
    throw new CommandError(
      'misused',
      `what flyctl should do is missing: ${usage}, and \`hallpass flyctl env\` prints how`,
    )
  }
  const { environment } = context
  const home = homedir()
  // Otherwise flyctl would write a login into the working directory, which may be shared.
  if (!isAbsolute(home)) {
    throw new CommandError('misused', 'HOME names no home directory, where flyctl would keep its login: set it')
  }
  const server = chooseServer(flags, environment, await readConfig(locateConfig(environment)))
  const withheld = isServerOfEnvironment(environment, server)
    ? []
    : tokenVariables.filter((name) => name in environment)
  for (const name of withheld.filter((each) => isSet(environment, each))) {
    tell(context, `${name} is not given to flyctl: neither HALLPASS_API_URL nor FLY_API_BASE_URL names ${server}.`)
  }
  const others = Object.entries(environment).filter(([name]) => !withheld.some((each) => each === name))
  const { code, signal } = await run(readPathVariable(environment, 'HALLPASS_FLYCTL') ?? 'flyctl', words, {
    ...Object.fromEntries(others),
    ...listVariables(server, home),
  })
  // A shell sees the same signal.
  if (signal !== null) process.kill(process.pid, signal)
  context.process.exitCode = code ?? 1
}

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

async function run(program: string, words: readonly string[], env: Environment): Promise<Ended> {
  const child = spawn(program, words, { stdio: 'inherit', env })
  // A terminal sends Ctrl-C to both processes; other signals come to this one alone.
  const pass = (signal: NodeJS.Signals) => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  for (const signal of passed) process.on(signal, pass)
  try {
    return await new Promise<Ended>((resolve, reject) => {
      child.once('error', (cause) => reject(describeFailure(cause, program)))
      child.once('exit', (code, signal) => resolve({ code, signal }))
    })
  } finally {
    for (const signal of passed) process.removeListener(signal, pass)
  }
}

const passed = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

function describeFailure(cause: NodeJS.ErrnoException, program: string): CommandError {
  if (cause.code === 'ENOENT' && program === 'flyctl') {
    const sentence = 'there is no flyctl on the PATH: install it, or name the program in HALLPASS_FLYCTL'
    return new CommandError('failed', sentence, { cause })
  }
  const named = program === 'flyctl' ? program : `${program}, which HALLPASS_FLYCTL names,`
  return new CommandError('failed', `${named} could not be run: ${reasonOf(cause)}`, { cause })
}
