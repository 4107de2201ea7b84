// Commands in a run of a Docker Engine: their input, output, terminal and end.
import type { Duplex } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'

import { checkCommand } from '../check-spec.ts'
import { EngineError, noMoreInput, notRunning } from '../engine-error.ts'
import type { Command, CommandSession } from '../engine.ts'
import { variables } from './container.ts'
import type { Daemon } from './daemon.ts'
import { errorOfWords } from '../words-of-engines.ts'
import { createExec, readState } from './exec-requests.ts'
import { readFrames } from './frames.ts'
import { killToEnd } from './kill-command.ts'

export async function openExec(
  daemon: Daemon,
  runId: string,
  command: Command,
  random: () => string,
): Promise<CommandSession> {
  checkCommand(command)
  command.abort?.throwIfAborted()
  const { client, names } = daemon
  const { Id: container, State: state, Config: config } = await daemon.demand(runId)
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
    if (!isOver) await killToEnd(daemon, { container, id, mark, processes: names.processesOf(config.Labels ?? {}) })
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

async function* readTerminal(socket: Duplex): AsyncGenerator<{ readonly stream: 'stdout'; readonly bytes: Buffer }> {
  for await (const bytes of socket) yield { stream: 'stdout', bytes: bytes as Buffer }
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

const markName = 'HALLPASS_COMMAND'
const input = { AttachStdin: true }
const output = { AttachStdout: true, AttachStderr: true }
