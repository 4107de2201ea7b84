// Runs the command line: arguments in, exit code out.
import { run } from '@stricli/core'

import { buildHallpass } from './application.ts'
import { arrangeArguments } from './arguments.ts'
import type { Context } from './context.ts'
import { CommandError, describeError, exitCodeFor, exitCodes } from './errors.ts'

/** Runs the command that the process was started with, and sets its exit code. */
export async function main(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe)
  process.on('uncaughtException', die)
  process.on('unhandledRejection', die)
  try {
    process.exitCode = await runArguments(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${describeError(error, process.env)}\n`)
    process.exitCode = exitCodeFor(error)
  }
}

async function runArguments(given: readonly string[]): Promise<number> {
  const inner: Context['process'] = { stdout: process.stdout, stderr: process.stderr, env: process.env }
  const context: Context = {
    process: inner,
    get stdin() {
      return process.stdin
    },
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    get directory() {
      return workingDirectory()
    },
    now: () => new Date(),
    givenBy: new Map(),
  }
  const hallpass = buildHallpass(process.env, process.stdout.columns, given)
  await run(hallpass, arrangeArguments(hallpass.root, given), context)
  return translateExitCode(Number(inner.exitCode ?? 0))
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
    if ((process.exitCode ?? 0) === 0) die(new CommandError('failed', `it could not be printed: ${error.message}`))
  })
}

function die(error: unknown): void {
  process.stderr.write(`${describeError(error, process.env)}\n`)
  process.exit(exitCodes.failed)
}
