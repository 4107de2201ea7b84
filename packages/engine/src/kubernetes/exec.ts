// Commands in a run of a cluster: their input, output, terminal and end.
import { checkCommand } from '../check-spec.ts'
import { EngineError, notRunning } from '../engine-error.ts'
import type { Command, CommandSession } from '../engine.ts'
import { errorOfWords } from '../words-of-engines.ts'
import { exitCodeOf, goneMeanwhile, openChannels, type Channels, type Piece } from './channels.ts'
import type { Cluster } from './cluster.ts'
import { quote } from './errors.ts'
import { killMarked } from './kill.ts'

export async function openExec(cluster: Cluster, runId: string, command: Command): Promise<CommandSession> {
  checkCommand(command)
  command.abort?.throwIfAborted()
  if (command.user !== undefined) {
    throw new EngineError('unsupported', 'In a cluster, a command runs as the user of its run', { field: 'user' })
  }
  const seen = await cluster.demand(runId)
  if (seen.status.state !== 'running') throw notRunning(runId)
  const { terminal } = command
  const mark = `${markName}=${cluster.random()}`
  const argv = wrap(command, mark)
  const channels = await openChannels(cluster.client, {
    ...seen,
    argv,
    hasInput: true,
    isTerminal: terminal !== undefined,
    abort: command.abort,
  })
  if (terminal !== undefined) channels.resize(terminal)
  let beginning = ''
  let closing: Promise<void> | undefined

  async function* read(): AsyncGenerator<Piece> {
    for await (const piece of withheld(channels, command, (words) => (beginning = words))) yield piece
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
function wrap({ argv, env = {}, workingDirectory }: Command, mark: string): readonly string[] {
  const [program = ''] = argv
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const inFolder = ['sh', '-c', 'cd "$0" && exec "$@"', workingDirectory ?? '', ...argv]
  // `env` would take it for a variable.
  const needsShell = workingDirectory !== undefined || program.includes('=')
  return ['env', mark, ...variables, ...(needsShell ? inFolder : argv)]
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
  return errorOfWords(words)
}

const markName = 'HALLPASS_COMMAND'
