// Runs a flyctl that somebody has, as a person does: as a process, with a home of its own, against one authority alone.
import { spawn } from 'node:child_process'
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

import { listVariables } from '../../packages/cli/src/commands/flyctl/variables.ts'

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Flyctl {
  /** Its configuration file, where a login is kept. */
  readonly configFile: string
  run(args: readonly string[], options?: { readonly token?: string; readonly stdin?: string }): Promise<Outcome>
  /** In a terminal; `said` gets all that it has printed, whenever it prints more. */
  runInTerminal(args: readonly string[], said: (output: string) => void): Promise<Outcome>
}

// No command takes as long: one that does waits for something that will not come.
const patience = 25_000

/** The path of `HALLPASS_FLYCTL`, or of a `flyctl` or `fly` on the PATH; undefined where there is none. */
export function findFlyctl(): string | undefined {
  const named = process.env['HALLPASS_FLYCTL']
  if (named !== undefined && named !== '') return resolve(named)
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.flatMap((folder) => [join(folder, 'flyctl'), join(folder, 'fly')]).find(isExecutable)
}

/** Whether `script` can give a command a terminal. */
export function hasTerminal(): boolean {
  return isExecutable('/usr/bin/script')
}

/** A flyctl in this directory, for which `url` is all of the platform; what it sends elsewhere goes to `sink`. */
export function createFlyctl(binary: string, directory: string, url: string, sink: string): Flyctl {
  const config = join(directory, 'fly')
  mkdirSync(config, { recursive: true, mode: 0o700 })
  // Nothing of the surroundings: no token, no sign that this is CI, where flyctl behaves differently.
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: directory,
    TERM: 'dumb',
    // No browser is opened: the address is printed instead.
    BROWSER: '/bin/false',
    // Go sends nothing for this machine to a proxy.
    HTTP_PROXY: sink,
    HTTPS_PROXY: sink,
    ...listVariables(url, directory),
    FLY_CONFIG_DIR: config,
  }

  function start(command: string, args: readonly string[], token: string | undefined, said: (output: string) => void) {
    const child = spawn(command, args, {
      cwd: directory,
      env: token === undefined ? env : { ...env, FLY_API_TOKEN: token },
      timeout: patience,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => said((stdout += chunk)))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
    // What ends before it has read its input is no failure of the test.
    child.stdin.on('error', () => undefined)
    const ended = new Promise<Outcome>((done, failed) => {
      child.once('error', failed)
      child.once('close', (code) => done({ code, stdout, stderr }))
    })
    return { child, ended }
  }

  return {
    configFile: join(config, 'config.yml'),
    run(args, { token, stdin = '' } = {}) {
      const { child, ended } = start(binary, args, token, () => undefined)
      child.stdin.end(stdin)
      return ended
    },
    runInTerminal(args, said) {
      const transcript = join(directory, 'terminal')
      writeFileSync(transcript, '')
      const line = [binary, ...args].map((word) => `'${word}'`).join(' ')
      // Its input stays open: a person who waits types nothing.
      return start('/usr/bin/script', ['-qefc', line, transcript], undefined, said).ended
    },
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
