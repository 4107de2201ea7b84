// Joins a command in a machine to the terminal or the pipes of this process, until it ends.
import { constants } from 'node:os'

import { ApiError, type Client } from '@hallpass/client'
import { channels, longestMessage, writeMessage, type CommandStatus } from '@hallpass/client/command-stream'
import type { WebSocket } from 'ws'

import type { Dialer } from '../../command-socket.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { NamedMachine } from './find-machine.ts'
import type { InteractionFlags } from './machine-flags.ts'

/** Milliseconds between two pings, in both directions. A side that is silent for three of them is gone. */
const pingInterval = 15_000
/** Bytes that wait to be sent before no more is read. */
const mostUnsent = 256 * 1024
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Whether the flags ask for it. @throws CommandError `misused` for a terminal where there is none */
export function wantsToAttach({ stdin, tty }: InteractionFlags, context: Context): boolean {
  if (tty === true && !(context.stdin.isTTY && context.stdout.isTTY)) {
    throw new CommandError(
      'misused',
      '-t needs a terminal, and standard input or output is none: leave it away (-i alone passes standard input on)',
    )
  }
  return stdin === true || tty === true
}

/** @param work gets a promise that resolves with an exit code at the first signal; a second signal ends us at once */
export async function hearSignals<T>(work: (ended: Promise<number>) => Promise<T>): Promise<T> {
  let hear = (_name: NodeJS.Signals): void => {}
  const ended = new Promise<number>((resolve) => {
    hear = (name) => resolve(128 + constants.signals[name])
  })
  for (const name of signals) process.once(name, hear)
  try {
    return await work(ended)
  } finally {
    for (const name of signals) process.off(name, hear)
  }
}

/**
 * Runs a command to its end. The terminal is as it was before, whatever happens.
 * @returns its exit code, or what `ended` resolves with
 * @throws ApiError if the authority ends it; CommandError if the connection is lost
 */
export async function attach(
  context: Context,
  client: Client,
  dialer: Dialer,
  {
    name,
    command,
    tty,
    ended,
  }: {
    readonly name: NamedMachine
    readonly command: readonly string[]
    readonly tty: boolean
    readonly ended: Promise<number>
  },
): Promise<number> {
  const { stdin, stdout } = context
  const size = () => ({ rows: stdout.rows || 24, columns: stdout.columns || 80 })
  const dialing = dialer.open(client, name, tty ? { command, terminal: size() } : { command })
  const socket = await Promise.race([dialing, ended])
  if (typeof socket === 'number') {
    dialing.then((late) => late.terminate()).catch(() => {})
    return socket
  }
  const restore = () => {
    // A terminal that has hung up has no mode.
    if (tty && !stdin.destroyed) stdin.setRawMode(false)
  }
  const resize = () => send(socket, channels.size, Buffer.from(JSON.stringify(size())))
  const ending = Promise.race([end(socket, context), ended])
  process.once('exit', restore)
  try {
    if (tty) {
      stdin.setRawMode(true)
      stdout.on('resize', resize)
    }
    passInput(context, socket)
    socket.resume()
    return await ending
  } finally {
    stdout.off('resize', resize)
    process.off('exit', restore)
    restore()
    stdin.removeAllListeners('data').pause()
    socket.terminate()
  }
}

/** Writes the output, and settles when the command has ended, or the connection is lost. */
function end(socket: WebSocket, { stdout, stderr }: Context): Promise<number> {
  let isAlive = true
  let silences = 0
  let status: CommandStatus | undefined
  const watch = setInterval(() => {
    silences = isAlive || socket.isPaused ? 0 : silences + 1
    isAlive = false
    if (silences >= 2) socket.terminate()
    else socket.ping()
  }, pingInterval)
  const hear = () => void (isAlive = true)
  socket.on('ping', hear).on('pong', hear)
  socket.on('message', (data: Buffer) => {
    hear()
    const [channel, bytes] = [data[0], data.subarray(1)]
    if (channel === channels.status) status = JSON.parse(bytes.toString()) as CommandStatus
    const stream = channel === channels.stdout ? stdout : channel === channels.stderr ? stderr : undefined
    // What was read before the pause still comes.
    if (stream === undefined || stream.write(bytes) || socket.isPaused) return
    socket.pause()
    stream.once('drain', () => socket.resume())
  })
  let stopReading = (): void => {}
  return new Promise<number>((resolve, reject) => {
    // Nobody reads its output any more: it ends as with SIGPIPE.
    stopReading = () => resolve(128 + constants.signals.SIGPIPE)
    stdout.once('error', stopReading)
    socket.once('close', () => {
      if (status === undefined) {
        reject(new CommandError('failed', 'the connection to the authority was lost, and the command ends with it'))
      } else if ('error' in status) {
        const { code, message, request_id: requestId } = status.error
        reject(new ApiError(code, message, { status: 101, requestId }))
      } else resolve(status.exit_code)
    })
  }).finally(() => {
    stdout.off('error', stopReading)
    clearInterval(watch)
  })
}

function passInput({ stdin }: Context, socket: WebSocket): void {
  stdin.on('data', (bytes: Buffer) => {
    for (let at = 0; at < bytes.length; at += longestMessage - 1) {
      send(socket, channels.input, bytes.subarray(at, at + longestMessage - 1), () => stdin.resume())
    }
    if (socket.bufferedAmount > mostUnsent) stdin.pause()
  })
  const endInput = () => send(socket, channels.end, Uint8Array.of(channels.input))
  // A terminal that hangs up fails.
  stdin.once('end', endInput).once('error', endInput)
}

/** What ends meanwhile wants no more. */
function send(socket: WebSocket, channel: number, bytes: Uint8Array, sent: () => void = () => {}): void {
  if (socket.readyState === socket.OPEN) socket.send(writeMessage(channel, bytes), sent)
}
