// A command in a Pod over a WebSocket of Kubernetes: its channels, and how it ended.
import type { WebSocket } from 'ws'

import { EngineError, noMoreInput } from '../engine-error.ts'
import type { TerminalSize } from '../engine.ts'
import type { KubernetesClient } from './client.ts'
import { statusOfText, type ApiStatus } from './errors.ts'
import { containerName } from './names.ts'
import { inNamespace } from './namespaces.ts'

export interface Channels {
  /** Ends when the command has ended, or the connection is gone. The command waits while nobody reads. */
  readonly output: AsyncGenerator<Piece>
  write(bytes: Uint8Array): Promise<void>
  endInput(): void
  /** Sends no more of the input that was given, and ends it. */
  dropInput(): void
  resize(size: TerminalSize): void
  /** What the cluster says of the end; undefined before, and if the connection was lost. */
  status(): ApiStatus | undefined
  /** Whether the command has ended, or the connection is gone. */
  isOver(): boolean
  /** Reads on, and drops what comes. */
  discard(): void
  close(): void
}

export interface Piece {
  readonly stream: 'stdout' | 'stderr'
  readonly bytes: Buffer
}

export interface ChannelOptions {
  readonly namespace: string
  readonly name: string
  readonly argv: readonly string[]
  readonly hasInput: boolean
  readonly isTerminal: boolean
  readonly abort?: AbortSignal | undefined
}

/** @throws EngineError `unavailable` */
export async function openChannels(client: KubernetesClient, options: ChannelOptions): Promise<Channels> {
  const { namespace, name, argv, hasInput, isTerminal, abort } = options
  const query = {
    container: containerName,
    command: argv,
    stdin: hasInput,
    stdout: true,
    // A terminal has one output.
    stderr: !isTerminal,
    tty: isTerminal,
  }
  const path = inNamespace(namespace, 'pods', name, 'exec')
  // The older one cannot say that no more input comes.
  const socket = await client.connect({ path, query, abort }, ['v5.channel.k8s.io', 'v4.channel.k8s.io'])
  return readChannels(socket)
}

function readChannels(socket: WebSocket): Channels {
  const waiting: Piece[] = []
  let waitingBytes = 0
  let status: ApiStatus | undefined
  let [isGone, isUnread, isDropped] = [false, false, false]
  let wake = (): void => {}

  socket.on('message', (data: Buffer) => {
    const bytes = data.subarray(1)
    if (data[0] === channel.status) status = statusOfText(bytes.toString('utf8'))
    else if ((data[0] === channel.stdout || data[0] === channel.stderr) && bytes.length > 0 && !isUnread) {
      waiting.push({ stream: data[0] === channel.stdout ? 'stdout' : 'stderr', bytes })
      waitingBytes += bytes.length
      if (waitingBytes > mostWaiting) socket.pause()
    }
    wake()
  })
  socket.once('close', () => {
    isGone = true
    wake()
  })
  socket.resume()

  async function* read(): AsyncGenerator<Piece> {
    for (;;) {
      const piece = waiting.shift()
      if (piece !== undefined) {
        waitingBytes -= piece.bytes.length
        if (waitingBytes <= mostWaiting) socket.resume()
        yield piece
      } else if (isGone || status !== undefined) return
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  }

  function send(kind: number, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const message = Buffer.concat([Buffer.from([kind]), bytes])
      socket.send(message, (error) => (error ? reject(noMoreInput(error)) : resolve()))
    })
  }

  async function sendInput(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      if (isDropped || status !== undefined) throw noMoreInput(new Error('it has ended'))
      await send(channel.stdin, bytes.subarray(at, at + pieceBytes))
    }
  }
  /** Settles when all that was given before is sent. */
  let input: Promise<void> = Promise.resolve()

  function endInput(): void {
    if (socket.protocol !== 'v5.channel.k8s.io') return
    input = input.then(() => send(channel.close, Buffer.from([channel.stdin])).catch(() => {}))
  }

  return {
    output: read(),
    write(bytes) {
      const written = input.then(() => sendInput(bytes))
      input = written.catch(() => {})
      return written
    },
    endInput,
    dropInput() {
      isDropped = true
      endInput()
    },
    resize({ rows, columns }) {
      void send(channel.resize, Buffer.from(JSON.stringify({ Width: columns, Height: rows }))).catch(() => {})
    },
    status: () => status,
    isOver: () => isGone || status !== undefined,
    discard() {
      isUnread = true
      waiting.length = 0
      socket.resume()
    },
    close: () => socket.terminate(),
  }
}

/** How a command ended, as shells have it; undefined where the cluster could not run it. */
export function exitCodeOf({ status, reason, details }: ApiStatus): number | undefined {
  if (status === 'Success') return 0
  const cause = details?.causes?.find((one) => one.reason === 'ExitCode')
  return reason === 'NonZeroExitCode' && cause !== undefined ? Number(cause.message) : undefined
}

/**
 * A short command of our own, to its end.
 * @returns its exit code and the end of its output
 * @throws EngineError as `errorOf` has it where the cluster cannot run it, `unavailable`
 */
export async function runShort(
  client: KubernetesClient,
  options: Omit<ChannelOptions, 'hasInput' | 'isTerminal'> & { readonly maxBytes?: number },
  errorOf: (words: string) => EngineError,
): Promise<{ readonly code: number; readonly text: string }> {
  const channels = await openChannels(client, { ...options, hasInput: false, isTerminal: false })
  const { maxBytes = 1000 } = options
  const onAbort = (): void => channels.close()
  options.abort?.addEventListener('abort', onAbort, { once: true })
  let text = ''
  try {
    for await (const { stream, bytes } of channels.output) {
      if (stream === 'stdout' && text.length < maxBytes) text += bytes.toString('utf8', 0, maxBytes - text.length)
    }
  } finally {
    options.abort?.removeEventListener('abort', onAbort)
    channels.close()
  }
  const status = channels.status()
  if (status === undefined) throw goneMeanwhile()
  const code = exitCodeOf(status)
  if (code === undefined) throw errorOf(status.message ?? '')
  return { code, text }
}

export function goneMeanwhile(): EngineError {
  return new EngineError('unavailable', 'The engine went away while a command ran')
}

/** The first byte of each message. */
const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const
const pieceBytes = 16_384
/** Bytes that nobody has read yet. */
const mostWaiting = 2 ** 18
