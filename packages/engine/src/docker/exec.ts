// Commands in a run of a Docker Engine: their input, output, terminal, end, and the killing of one that is left behind.
import type { Duplex } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'

import { checkCommand } from '../check-spec.ts'
import { EngineError, noMoreInput, notRunning } from '../engine-error.ts'
import type { Command, CommandSession } from '../engine.ts'
import { variables } from './container.ts'
import type { Daemon } from './daemon.ts'
import { errorOfWords } from './errors.ts'
import { readFrames } from './frames.ts'

export async function openExec(
  daemon: Daemon,
  runId: string,
  command: Command,
  random: () => string,
): Promise<CommandSession> {
  checkCommand(command)
  command.abort?.throwIfAborted()
  const { client } = daemon
  const { Id: container, State: state } = await daemon.demand(runId)
  if (state.Status !== 'running') throw notRunning(runId)
  const { terminal } = command
  const mark = `${markName}=${random()}`
  // Engines before API 1.42 take the size only afterwards.
  const tty = terminal === undefined ? { Tty: false } : { Tty: true, ConsoleSize: [terminal.rows, terminal.columns] }
  const id = await createExec(daemon, container, {
    ...input,
    ...output,
    Cmd: command.argv,
    Env: [...variables(command.env), mark],
    ...tty,
    ...(command.user === undefined ? {} : { User: command.user }),
    ...(command.workingDirectory === undefined ? {} : { WorkingDir: command.workingDirectory }),
  })
  const socket = await client.takeOver({ method: 'POST', path: ['exec', id, 'start'], json: { Detach: false, ...tty } })
  let beginning = ''
  let [isOver, isUnable] = [false, false]

  async function* read(): AsyncGenerator<{ readonly stream: 'stdout' | 'stderr'; readonly bytes: Buffer }> {
    try {
      for await (const piece of terminal === undefined ? readFrames(socket) : readTerminal(socket)) {
        const isFirst = beginning === ''
        if (beginning.length < 1000) beginning += piece.bytes.toString('utf8', 0, 1000)
        // The engine has ended such a command before it says why.
        if (isFirst && mayBeOfEngine.test(beginning))
          isUnable = isOfEngine(beginning, await exitOf(daemon, id), command)
        if (!isUnable) yield piece
      }
    } catch (error) {
      command.abort?.throwIfAborted()
      if (error instanceof EngineError) throw error
      // Podman resets the connection of a command that has ended without having read all of its input.
      if ((await exitOf(daemon, id)) === undefined) {
        throw new EngineError('unavailable', 'The engine went away while a command ran', { cause: error })
      }
    }
    isOver = true
  }

  async function resize({ rows, columns }: { readonly rows: number; readonly columns: number }): Promise<void> {
    await client.ask({ method: 'POST', path: ['exec', id, 'resize'], query: { h: rows, w: columns } })
  }

  async function close(): Promise<void> {
    command.abort?.removeEventListener('abort', onAbort)
    socket.destroy()
    if (!isOver) await killToEnd(daemon, { container, id, mark })
  }
  const onAbort = (): void => {
    // The reader of the output gets the error; an engine that is gone has nothing left to kill.
    socket.destroy(command.abort?.reason instanceof Error ? command.abort.reason : new Error('aborted'))
    close().catch(() => {})
  }
  command.abort?.addEventListener('abort', onAbort, { once: true })
  if (command.abort?.aborted === true) onAbort()
  // A command that has ended already has no terminal to size.
  if (terminal !== undefined) await resize(terminal).catch(() => {})

  return {
    output: read(),
    resize,
    close,
    write: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => (error ? reject(noMoreInput(error)) : resolve()))
      }),
    endInput: () => socket.end(),
    async exitCode() {
      const code = await exitCodeOf(daemon, id)
      if (isOfEngine(beginning, code, command)) throw errorOfWords(beginning)
      return code
    },
  }
}

async function createExec(daemon: Daemon, container: string, json: object): Promise<string> {
  const question = { method: 'POST', path: ['containers', container, 'exec'], json } as const
  return (await daemon.client.ask<{ readonly Id: string }>(question)).value.Id
}

async function readState({ client }: Daemon, id: string): Promise<ExecState> {
  return (await client.ask<ExecState>({ path: ['exec', id, 'json'] })).value
}

/** The code of a command that has ended. Undefined also if the engine does not say it. */
async function exitOf(daemon: Daemon, id: string): Promise<number | undefined> {
  for (let tries = 0; tries < 10; tries += 1) {
    const state = await readState(daemon, id).catch(() => undefined)
    if (state === undefined) return undefined
    if (!state.Running && state.ExitCode !== null) return state.ExitCode
    await pause(50)
  }
  return undefined
}

/** The stream ends a moment before the engine knows how the command ended. */
async function exitCodeOf(daemon: Daemon, id: string): Promise<number> {
  const end = Date.now() + daemon.timeoutMs
  for (let wait = 5; ; wait = Math.min(wait * 2, 200)) {
    const { Running: isRunning, ExitCode: code } = await readState(daemon, id)
    if (!isRunning && code !== null) return code
    if (Date.now() > end) throw new EngineError('unavailable', 'The engine does not say how the command ended')
    await pause(wait)
  }
}

/** A command that was just started may not be there yet. */
async function killToEnd(
  daemon: Daemon,
  { container, id, mark }: { readonly container: string; readonly id: string; readonly mark: string },
): Promise<void> {
  for (let tries = 0; tries < mostKills; tries += 1) {
    await killMarked(daemon, container, mark)
    const state = await readState(daemon, id).catch(() => undefined)
    if (state === undefined || (!state.Running && state.ExitCode !== null)) return
    await pause(20)
  }
}

/**
 * Kills what has the mark in its environment, which children inherit, and all else in the same sessions: a child may have
 * been given another environment. A Docker Engine ends a command only with its container, so another command must do it,
 * with what the image has for it.
 */
async function killMarked(daemon: Daemon, container: string, mark: string): Promise<void> {
  const json = { ...output, User: '0', Cmd: ['sh', '-c', killScript, mark] }
  try {
    const id = await createExec(daemon, container, json)
    const path = ['exec', id, 'start']
    const socket = await daemon.client.takeOver({ method: 'POST', path, json: { Detach: false, Tty: false } })
    const timer = setTimeout(() => socket.destroy(), daemon.timeoutMs)
    for await (const _piece of socket);
    clearTimeout(timer)
  } catch {
    // The run has ended, and the command with it; or the engine went away, which the caller finds out.
  }
}

async function* readTerminal(socket: Duplex): AsyncGenerator<{ readonly stream: 'stdout'; readonly bytes: Buffer }> {
  for await (const bytes of socket) yield { stream: 'stdout', bytes: bytes as Buffer }
}

interface ExecState {
  readonly Running: boolean
  readonly ExitCode: number | null
}

/** How an engine begins to say why it cannot run a command. */
const mayBeOfEngine = /^\s*(?:Error: )?(?:(?:OCI runtime|runc|crun|unable to find (?:user|group))\b|exec \S+: )/
/** What runc says of a program that has no interpreter, or another format; then it ends with 1. */
const aboutProgram = /^\s*exec (\S+): (?:no such file or directory|exec format error)\s*$/

/** Whether the engine says these words, and not the command, which ended with this code. */
function isOfEngine(words: string, code: number | undefined, { argv: [program = ''] }: Command): boolean {
  const [, path] = aboutProgram.exec(words) ?? []
  if (path !== undefined) return code === 1 && (path === program || path.endsWith(`/${program}`))
  // 125 is Podman's.
  return mayBeOfEngine.test(words) && [125, 126, 127].includes(code ?? 0)
}

/** In `stat`, the session is the fourth field after the name. 1 is the run's own session, and 0 one outside. */
const killScript = [
  'exec 2>/dev/null; all=',
  'session() { read -r line <"$1/stat" && set -- ${line##*) } && session=$4; }',
  'for p in /proc/[0-9]*; do',
  '  grep -q "$0" "$p/environ" && session "$p" && all="$all $session " && kill -9 "${p#/proc/}"',
  'done',
  'for p in /proc/[0-9]*; do',
  '  session "$p" && [ "$session" -gt 1 ] || continue',
  '  case $all in *" $session "*) kill -9 "${p#/proc/}" ;; esac',
  'done',
].join('\n')
const mostKills = 20
const markName = 'HALLPASS_COMMAND'
const input = { AttachStdin: true }
const output = { AttachStdout: true, AttachStderr: true }
