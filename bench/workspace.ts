// The temporary directories and child processes of a run, all gone when it ends, however it ends.
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Workspace {
  /** A new directory of its own. */
  directory(): string
  /** Runs a module of this folder in its own process, with an IPC channel. */
  fork(module: URL, argv: readonly string[]): ChildProcess
  /** Runs Node on a script; its standard output and error are pipes. */
  spawnNode(argv: readonly string[], environment: NodeJS.ProcessEnv): ChildProcess
  /** Ends every child. */
  endChildren(): void
  /** Ends every child and removes every directory. */
  clear(): void
}

/** Makes the workspace, which is also cleared on Ctrl-C and SIGTERM. */
export function createWorkspace(): Workspace {
  const root = mkdtempSync(join(tmpdir(), 'hallpass-bench-'))
  const children = new Set<ChildProcess>()

  function keep(child: ChildProcess): ChildProcess {
    children.add(child)
    child.once('exit', () => children.delete(child))
    return child
  }

  function endChildren(): void {
    for (const child of children) child.kill('SIGKILL')
  }

  function clear(): void {
    endChildren()
    rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      clear()
      process.exit(128 + constants.signals[signal])
    })
  }

  return {
    directory: () => mkdtempSync(join(root, 'data-')),
    fork: (module, argv) => keep(fork(module, [...argv], { execArgv: [] })),
    spawnNode: (argv, environment) =>
      keep(spawn(process.execPath, [...argv], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })),
    endChildren,
    clear,
  }
}
