// What a run lends to its pieces: directories, child processes, and things that several pieces need but one makes. All of it
// is gone at the end, however the run ends.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Run {
  /** A smoke run: few rounds, and a hundred thousand tokens instead of a million. */
  readonly quick: boolean
  readonly say: (line: string) => void
  /** Unwound at the end of the piece. */
  readonly stack: AsyncDisposableStack
  /** A new directory. */
  directory(): string
  /** Starts Node; its standard output and error are pipes. */
  spawnNode(argv: readonly string[], environment?: NodeJS.ProcessEnv, channel?: 'ipc'): ChildProcess
  /** Starts another program, with a group of its own: all that it starts ends with it. */
  spawnProgram(program: string, argv: readonly string[], environment: NodeJS.ProcessEnv): ChildProcess
  /** Makes it when it is first asked for; the pieces after that get the same. */
  once<Made>(name: string, make: () => Made): Made
}

/** What is needed to run pieces one after the other. */
export function createRuns(quick: boolean, say: (line: string) => void) {
  const root = mkdtempSync(join(tmpdir(), 'hallpass-bench-'))
  /** How to end each. */
  const children = new Map<ChildProcess, () => unknown>()
  const made = new Map<string, unknown>()

  function clear(): void {
    for (const end of children.values()) end()
    rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  }
  // Also after an error that nobody caught.
  process.once('exit', clear)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]))
  }

  async function runOne<Result>(work: (run: Run) => Promise<Result>): Promise<Result> {
    await using stack = new AsyncDisposableStack()
    const keep = (child: ChildProcess, end: () => unknown) => {
      children.set(child, end)
      child.once('exit', () => children.delete(child))
      stack.defer(() => void end())
      return child
    }
    return await work({
      quick,
      say,
      stack,
      directory: () => mkdtempSync(join(root, 'data-')),
      spawnNode(argv, environment = {}, ...channel) {
        const env = { ...ownEnvironment(), ...environment }
        const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'pipe', 'pipe', ...channel] })
        return keep(child, () => child.kill('SIGKILL'))
      },
      spawnProgram(program, argv, environment) {
        const env = { ...ownEnvironment(), ...environment }
        const child = spawn(program, argv, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
        return keep(child, () => child.pid !== undefined && children.has(child) && process.kill(-child.pid, 'SIGKILL'))
      },
      once<Made>(name: string, make: () => Made): Made {
        if (!made.has(name)) made.set(name, make())
        return made.get(name) as Made
      },
    })
  }

  return { runOne, clear }
}

/** The environment without the variables that configure Node or us. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HALLPASS|FLY|NODE|npm)_/.test(name)))
}
