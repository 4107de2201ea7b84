// Commands in a run of a cluster: their input, output, terminal and end.
import { checkCommand } from '../check-spec.ts'
import { EngineError, notRunning } from '../engine-error.ts'
import type { Command, CommandSession } from '../engine.ts'
import { exitCodeOf, goneMeanwhile, openChannels, type Channels, type Piece } from './channels.ts'
import type { Cluster } from './cluster.ts'
import { errorOfCommand, quote } from './errors.ts'
import { killMarked } from './kill.ts'

/** @param hasInput whether the caller may write to it; otherwise its input is empty */
export async function openExec(
  cluster: Cluster,
  runId: string,
  command: Command,
  hasInput = true,
): Promise<CommandSession> {
  checkCommand(command)
  command.abort?.throwIfAborted()
  if (command.user !== undefined) {
    throw new EngineError('unsupported', 'In a cluster, a command runs as the user of its run', { field: 'user' })
  }
  const seen = await cluster.demand(runId)
  if (seen.status.state !== 'running') throw notRunning(runId)
  const { terminal } = command
  const mark = `${markName}=${cluster.random()}`
  const isDrained = hasInput && terminal === undefined
  const argv = wrap(command, mark, isDrained)
  const channels = await openChannels(cluster.client, {
    ...seen,
    argv,
    hasInput,
    isTerminal: terminal !== undefined,
    abort: command.abort,
  })
  if (terminal !== undefined) channels.resize(terminal)
  let beginning = ''
  let closing: Promise<void> | undefined

  async function* read(): AsyncGenerator<Piece> {
    const output = isDrained ? withoutMark(channels.output, mark, () => channels.dropInput()) : channels.output
    for await (const piece of withheld({ ...channels, output }, command, (words) => (beginning = words))) yield piece
    command.abort?.throwIfAborted()
    if (channels.status() === undefined && closing === undefined) throw goneMeanwhile()
  }

  async function finish(): Promise<void> {
    command.abort?.removeEventListener('abort', onAbort)
    channels.discard()
    try {
      if (!channels.isOver()) await killMarked(cluster, seen, mark, () => channels.isOver())
    } finally {
      channels.close()
    }
  }
  const close = (): Promise<void> => (closing ??= finish())
  const onAbort = (): void => {
    close().catch(() => {})
  }
  command.abort?.addEventListener('abort', onAbort, { once: true })
  if (command.abort?.aborted === true) onAbort()

  return {
    output: read(),
    write: (bytes) => channels.write(bytes),
    endInput: () => channels.endInput(),
    async resize(size) {
      channels.resize(size)
    },
    async exitCode() {
      const status = channels.status()
      if (status === undefined) throw goneMeanwhile()
      const code = exitCodeOf(status)
      if (code === undefined) throw errorOfCluster(status.message ?? '', runId)
      if (isOfWrapper(beginning, code, command)) throw errorOfWrapper(beginning)
      return code
    },
    close,
  }
}

/**
 * A command has a mark in its environment, by which it is found again, and Kubernetes has no way to give one: `env` does it, and a
 * shell where the folder is another. An image without `env` runs no commands but in the way that Kubernetes has.
 */
function wrap({ argv, env = {}, workingDirectory }: Command, mark: string, isDrained: boolean): readonly string[] {
  const [program = ''] = argv
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const inFolder = ['sh', '-c', 'cd "$0" && exec "$@"', workingDirectory ?? '', ...argv]
  // `env` would take it for a variable.
  const needsShell = workingDirectory !== undefined || program.includes('=')
  const drained = isDrained ? ['sh', '-c', draining, mark, 'env'] : []
  return ['env', mark, ...drained, ...variables, ...(needsShell ? inFolder : argv)]
}

/**
 * A node whose containerd is of version 1.6 does not say that a command has ended while more than 128 KiB of its input are unread; and
 * where a server has not read all that came, its last words may be lost. So what a command leaves is read after its end, of which the mark
 * among its errors tells: then its input ends, or if the protocol cannot say so, is read for a second.
 */
const draining = [
  'exec 3<&0; "$@" 3<&-; c=$?; printf %s "$0" >&2',
  'cat <&3 >/dev/null 2>&1 & p=$!; exec 3<&-',
  '(sleep 1; kill $p) >/dev/null 2>&1 & wait $p 2>/dev/null; exit $c',
].join('; ')

/** The output without the mark, at which `onMark` is called. */
async function* withoutMark(output: AsyncIterable<Piece>, mark: string, onMark: () => void): AsyncGenerator<Piece> {
  const sought = Buffer.from(mark)
  /** The end of the errors, which may begin the mark. */
  let held = Buffer.alloc(0)
  let isFound = false
  for await (const piece of output) {
    if (piece.stream !== 'stderr' || isFound) {
      yield piece
      continue
    }
    let bytes = Buffer.concat([held, piece.bytes])
    const at = bytes.indexOf(sought)
    isFound = at !== -1
    const kept = isFound ? 0 : beginningIn(bytes, sought)
    held = bytes.subarray(bytes.length - kept)
    bytes = isFound
      ? Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + sought.length)])
      : bytes.subarray(0, bytes.length - kept)
    if (bytes.length > 0) yield { stream: 'stderr', bytes }
    if (isFound) onMark()
  }
  if (held.length > 0) yield { stream: 'stderr', bytes: held }
}

/** How many of the last bytes are the first ones of what is sought. */
function beginningIn(bytes: Buffer, sought: Buffer): number {
  for (let length = Math.min(sought.length - 1, bytes.length); length > 0; length -= 1) {
    if (bytes.subarray(-length).equals(sought.subarray(0, length))) return length
  }
  return 0
}

/** The output, without what the wrapper says of a command that it cannot run: that is told to `noteBeginning`. */
async function* withheld(
  channels: Channels,
  command: Command,
  noteBeginning: (words: string) => void,
): AsyncGenerator<Piece> {
  let held: Piece[] = []
  let words: string | undefined = ''
  for await (const piece of channels.output) {
    if (words === undefined) yield piece
    else {
      held.push(piece)
      words += piece.bytes.toString('utf8', 0, mostWords)
      if (words.length < mostWords && mayBeOfWrapper.test(words)) continue
      yield* held
      ;[held, words] = [[], undefined]
    }
  }
  const code = exitCodeOf(channels.status() ?? {})
  if (words !== undefined && code !== undefined && isOfWrapper(words, code, command)) noteBeginning(words)
  else yield* held
}

/** How `env` and a shell begin to say why they cannot run a command. */
const mayBeOfWrapper = /^(?:env|sh|\/bin\/sh): /
const mostWords = 6000

/** Whether the wrapper says these words, and not the command, which ended with this code. */
function isOfWrapper(words: string, code: number, { argv: [program = ''] }: Command): boolean {
  return mayBeOfWrapper.test(words) && (code === 126 || code === 127) && words.includes(program.slice(0, 100))
}

function errorOfWrapper(words: string): EngineError {
  const code = /no such file|not found/i.test(words) ? 'command_not_found' : 'command_not_runnable'
  return new EngineError(code, `The command cannot be run: ${quote(words)}`)
}

function errorOfCluster(words: string, runId: string): EngineError {
  if (/container not found|cannot exec in a|task .* not found/i.test(words)) return notRunning(runId)
  return errorOfCommand(words)
}

const markName = 'HALLPASS_COMMAND'
