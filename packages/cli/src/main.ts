// Runs the command line: arguments in, exit code out.
import { run } from '@stricli/core'

import { buildHallpass } from './application.ts'
import { arrangeArguments } from './arguments.ts'
import type { Context } from './context.ts'
import { CommandError, describeError, exitCodeFor, exitCodes } from './errors.ts'
import { reasonOf } from './text-file.ts'

/** Runs the command that the process was started with, and sets its exit code. */
export async function main(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe)
  process.on('uncaughtException', die)
  process.on('unhandledRejection', die)
  process.exitCode = await execute(process.argv.slice(2), {
    get stdin() {
      return process.stdin
    },
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    get directory() {
      return workingDirectory()
    },
  })
}

/** What a command has of its process. */
export type Surroundings = Pick<Context, 'stdin' | 'stdout' | 'stderr' | 'environment' | 'directory'>

/** Runs the command of these arguments, and resolves with its exit code. Never rejects. */
export async function execute(given: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, stderr, environment } = surroundings
  const inner: Context['process'] = { stdout, stderr, env: environment }
  const context: Context = {
    process: inner,
    get stdin() {
      return surroundings.stdin
    },
    stdout,
    stderr,
    environment,
    get directory() {
      return surroundings.directory
    },
    now: () => new Date(),
    givenBy: new Map(),
  }
  try {
    const hallpass = buildHallpass(environment, stdout.columns, given)
    await run(hallpass, arrangeArguments(hallpass.root, given), context)
    return translateExitCode(Number(inner.exitCode ?? 0))
  } catch (error) {
    stderr.write(`${describeError(error, environment)}\n`)
    return exitCodeFor(error)
  }
}

/** @throws CommandError if it was removed, and only when a command needs it */
function workingDirectory(): string {
  try {
    return process.cwd()
  } catch (cause) {
    throw new CommandError('failed', 'the working directory is not there any more: change to another one', { cause })
  }
}

/** The parser's own codes are negative: -4, -5 and -10 are wrong input, the others are our faults. */
function translateExitCode(code: number): number {
  if (code >= 0) return code
  return code <= -4 ? exitCodes.misused : exitCodes.failed
}

/** The reader of our output has closed it. The command goes on, because a half-done revocation is worse. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return
  // The command that wrote may explain it better, and ends first.
  setImmediate(() => {
    if ((process.exitCode ?? 0) === 0) die(new CommandError('failed', `it could not be printed: ${reasonOf(error)}`))
  })
}

function die(error: unknown): void {
  process.stderr.write(`${describeError(error, process.env)}\n`)
  process.exit(exitCodes.failed)
}
