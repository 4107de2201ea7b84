// Commands in a run of the local engine: they enter its namespaces and its limits, each as a group that can be killed.
import { spawn } from 'node:child_process'
import { readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'

import { checkCommand } from '../check-spec.ts'
import { EngineError, noMoreInput, noRun, notRunning } from '../engine-error.ts'
import type { Command, CommandSession, TerminalSize } from '../engine.ts'
import type { LocalPlace } from './local-place.ts'
import { firstProcessOf, watcherOf } from './processes.ts'
import { demand, env, quote } from './programs.ts'
import { readRecord, readStatus } from './records.ts'
import { argumentsOf, becomeSandbox, variablesOf } from './sandbox.ts'
import { seccompFilter } from './seccomp.ts'
import { findUser } from './users.ts'

export async function openExec(
  place: LocalPlace,
  runId: string,
  command: Command,
  random: () => string,
): Promise<CommandSession> {
  checkCommand(command)
  command.abort?.throwIfAborted()
  const { groups, inherited } = await place.open()
  const [folder, group] = [place.folders.run(place.owner, runId), `${place.owner}.${runId}`]
  const record = await readRecord(folder, 'run.json')
  if (record === undefined) throw noRun(runId)
  const first = await firstProcessOf(folder, groups, group)
  const watcher = first === undefined ? undefined : await watcherOf(first)
  const state = (await readStatus(folder, groups, group))?.state
  if (state !== 'running' || first === undefined || watcher === undefined) throw notRunning(runId)
  const [passwd, people] = await Promise.all(['passwd', 'group'].map((name) => readFile(join(folder, name), 'utf8')))
  const user = findUser(command.user ?? record.user, passwd ?? '', people ?? '')
  const name = `command-${random()}`
  const words = {
    user,
    env: variablesOf(user, [`HOSTNAME=${record.hostname}`], record.env, [
      ...(command.terminal === undefined ? [] : ['TERM=xterm']),
      ...Object.entries(command.env ?? {}).map(([key, value]) => `${key}=${value}`),
    ]),
    workingDirectory: join('/', command.workingDirectory ?? record.workingDirectory),
    views: groups.views(group),
    hostname: undefined,
    sharedPath: record.sharedFolder?.path,
  }
  const spaces = ['net', 'ipc', 'uts', 'cgroup'].map((space) => `--${space}=/proc/${first}/ns/${space}`).join(' ')
  const script = `${(await groups.entrances(group, name)).map((file) => `echo $$ > ${quote(file)}`).join('\n')}
exec 4</proc/${first}/ns/user 9</proc/${first}/ns/pid
exec nsenter --mount=/proc/${watcher}/ns/mnt ${spaces} sh -c ${quote(becomeSandbox(user, command.argv))}`
  const { terminal } = command
  const [program = '', ...given] = terminal === undefined ? ['sh', '-ec', script] : atTerminal(script, terminal)
  const stdio = inherited.cover(['pipe', 'pipe', 'pipe', 'pipe', 'ignore', 'pipe'])
  const release = await place.keeper.holdCommand(place.owner, runId, name)
  const child = spawn(program, given, { env, cwd: '/', stdio })
  const [input, stdout, stderr, args, seccomp] = [0, 1, 2, 3, 5].map((index) => child.stdio[index]) as [
    Writable,
    Readable,
    Readable,
    Writable,
    Writable,
  ]
  for (const stream of [input, args, seccomp]) stream.on('error', () => {})
  args.end(argumentsOf(words))
  seccomp.end(seccompFilter(process.arch) ?? '')
  let beginning = ''
  let [isOver, isUnable] = [false, false]
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => resolve(126))
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143)))
  })

  async function* read(): AsyncGenerator<Piece> {
    for await (const piece of merge({ stdout, stderr }, ended)) {
      command.abort?.throwIfAborted()
      const isFirst = beginning === ''
      if (beginning.length < 1000) beginning += piece.bytes.toString('utf8', 0, 1000)
      // Bubblewrap ends as soon as it has said why it cannot. A command may begin with such words too.
      if (isFirst && beginning.startsWith('bwrap: ')) {
        isUnable = (await Promise.race([ended, pause(500, undefined, { ref: false })])) === 1
      }
      if (!isUnable) yield piece
    }
    await ended
    isOver = true
    command.abort?.throwIfAborted()
  }

  /** Also one that has not entered its group yet. */
  async function kill(): Promise<void> {
    child.kill('SIGKILL')
    await groups.kill(group, name)
  }
  async function close(): Promise<void> {
    command.abort?.removeEventListener('abort', onAbort)
    if (!isOver) await kill()
    release()
    for (const stream of child.stdio) stream?.destroy()
    // What it left behind may go on in it.
    await groups.removeCommand(group, name)
  }
  const onAbort = (): void => {
    kill().catch(() => {})
  }
  command.abort?.addEventListener('abort', onAbort, { once: true })
  if (command.abort?.aborted === true) onAbort()

  return {
    output: read(),
    close,
    endInput: () => input.end(),
    write: (bytes) =>
      new Promise((resolve, reject) => {
        input.write(bytes, (error) => (error ? reject(noMoreInput(error)) : resolve()))
      }),
    async resize({ rows, columns }) {
      const path = await terminalOf(child.pid ?? 0)
      if (path !== undefined) await demand('stty', ['-F', path, 'rows', `${rows}`, 'cols', `${columns}`])
    },
    async exitCode() {
      const code = await ended
      const [, words] = /^bwrap: ([^]*?)\s*$/.exec(beginning) ?? []
      if (code !== 1 || words === undefined) return code
      if (words.startsWith("Can't chdir")) {
        throw new EngineError('bad_spec', 'The run does not have the working directory', { field: 'workingDirectory' })
      }
      const isMissing = words.endsWith(': No such file or directory')
      throw new EngineError(
        isMissing ? 'command_not_found' : 'command_not_runnable',
        `The command cannot be run: ${words.replace(/^execvp /, '')}`,
      )
    },
  }
}

/** `script` makes a terminal and is its other end. The command leads the session, so that it gets the terminal's keys. */
function atTerminal(text: string, { rows, columns }: TerminalSize): string[] {
  // Its input is no terminal, so `script` would show nothing of what is typed.
  const within = `stty rows ${rows} cols ${columns} echo; ${text}`
  return [
    'script',
    '--quiet',
    '--return',
    '--flush',
    '--echo',
    'never',
    '--command',
    `exec sh -ec ${quote(within)}`,
    '/dev/null',
  ]
}

/** Of the first child of `script`. */
async function terminalOf(pid: number): Promise<string | undefined> {
  const [child] = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')).trim().split(' ')
  const path = await readlink(`/proc/${child}/fd/0`).catch(() => '')
  return /^\/dev\/pts\/\d+$/.test(path) ? path : undefined
}

/** Both as they come, until both have ended; or shortly after the end of the command, where what it began holds them. */
async function* merge(
  streams: { readonly stdout: Readable; readonly stderr: Readable },
  ended: Promise<unknown>,
): AsyncGenerator<Piece> {
  const pieces: Piece[] = []
  const open = new Set<string>()
  let [wake, isEnded] = [(): void => {}, false]
  void ended.then(() => {
    isEnded = true
    wake()
  })
  for (const [name, stream] of Object.entries(streams) as [Piece['stream'], Readable][]) {
    open.add(name)
    stream.on('error', () => {})
    stream.on('close', () => {
      open.delete(name)
      wake()
    })
    stream.on('data', (bytes: Buffer) => {
      pieces.push({ stream: name, bytes })
      if (pieces.length >= maxPieces) stream.pause()
      wake()
    })
  }
  for (;;) {
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) yield piece
    for (const stream of Object.values(streams)) stream.resume()
    if (open.size === 0) return
    const isWoken = await new Promise<boolean>((resolve) => {
      const timer = isEnded ? setTimeout(() => resolve(false), graceMs) : undefined
      wake = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
    if (!isWoken) return
  }
}

interface Piece {
  readonly stream: 'stdout' | 'stderr'
  readonly bytes: Buffer
}

const maxPieces = 16
const graceMs = 200
