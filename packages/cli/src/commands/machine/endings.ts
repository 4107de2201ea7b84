// How a machine ended, or why it does not run, in words that say what to do.
import type { Machine, MachineEvent } from '@hallpass/client'

import { exitCodes, type CommandErrorCode } from '../../errors.ts'

interface Ending {
  /** A predicate: `ended with exit code 7`. */
  readonly words: string
  /** What it means for a command that wanted the machine to run; undefined where nothing failed. */
  readonly failure?: CommandErrorCode | undefined
}

/** How its last run ended, or why it has none; undefined where it runs or was asked to restart, or nothing is known. */
export function describeEnding(machine: Machine): Ending | undefined {
  const { state, events = [] } = machine
  // Events before the newest request do not explain its result.
  const asked = events.findIndex(({ source, type }) => source === 'user' && type !== 'stop' && type !== 'destroy')
  const since = asked === -1 ? events : events.slice(0, asked)
  const exit = since.map(readExit).find((each) => each !== undefined)
  if (state === 'failed') return { words: `could not run${becauseOf(since)}`, failure: failureOf(exit) }
  if (exit === undefined || !over.has(state) || (state === 'restarting' && exit.requestedStop)) return undefined
  const { words, failure } = describeExit(exit, machine)
  return { words: state === 'restarting' ? `${words}, and is started again` : words, failure }
}

/** States of a machine whose program has ended; its restart policy starts a `restarting` one again. */
const over: ReadonlySet<string> = new Set(['stopped', 'destroyed', 'restarting'])

interface Exit {
  readonly code: number
  readonly signal: number
  readonly oomKilled: boolean
  readonly requestedStop: boolean
  readonly problem: string
}

/** What the event says of the end of a run; undefined where it is about something else. */
export function readExit({ request }: MachineEvent): Exit | undefined {
  const exit = request?.['exit_event']
  if (typeof exit !== 'object' || exit === null) return undefined
  const fields = new Map<string, unknown>(Object.entries(exit))
  const code = fields.get('exit_code')
  const signal = fields.get('signal')
  return {
    code: typeof code === 'number' ? code : 0,
    signal: typeof signal === 'number' && signal > 0 ? signal : 0,
    oomKilled: fields.get('oom_killed') === true,
    requestedStop: fields.get('requested_stop') === true,
    problem: textOf(fields.get('error')),
  }
}

function describeExit(exit: Exit, { id, config }: Machine): Ending {
  const { code, signal, problem } = exit
  if (exit.oomKilled) {
    const memory = memoryOf(config)
    const had = memory === undefined ? '' : `, of which it had ${memory} MB`
    const advice = `give it more with \`hallpass machine update ${id} --memory MB\``
    return { words: `was killed because it ran out of memory${had}: ${advice}`, failure: 'failed' }
  }
  const words = `ended with exit code ${code}`
  // A requested stop: its exit code does not matter.
  if (exit.requestedStop || code === 0) return { words }
  const by = signal > 0 ? `, by signal ${signal}` : ''
  const why = problem === '' ? '' : `: ${problem}`
  return { words: `${words}${by}${why}`, failure: failureOf(exit) }
}

/** A command that cannot be run ends as in a shell; the exit code of one that ran is only told. */
function failureOf(exit: Exit | undefined): CommandErrorCode {
  if (exit === undefined || exit.problem === '') return 'failed'
  return exit.code === exitCodes.notFound ? 'notFound' : exit.code === exitCodes.notRunnable ? 'notRunnable' : 'failed'
}

function memoryOf(config: Machine['config']): number | undefined {
  const guest = config?.['guest']
  if (typeof guest !== 'object' || guest === null || !('memory_mb' in guest)) return undefined
  return typeof guest.memory_mb === 'number' ? guest.memory_mb : undefined
}

function becauseOf(events: readonly MachineEvent[]): string {
  const problem = events.map((event) => findProblem(event)).find((each) => each !== '')
  return problem === undefined ? '' : `: ${problem}`
}

/** The sentence that the authority gives with an event; empty where it gives none. */
export function findProblem(event: MachineEvent): string {
  return textOf(event.request?.['error']) || (readExit(event)?.problem ?? '')
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
