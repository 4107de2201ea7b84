// What happened to a machine, in words.
import type { MachineEvent } from '@hallpass/client'

interface EventWords {
  readonly title: string
  /** More about it; empty where there is no more. */
  readonly more: string
  readonly tone: 'good' | 'bad' | 'off'
}

const titles: Readonly<Record<string, string>> = {
  'launch created': 'Created',
  'launch failed': 'Could not be prepared',
  'start starting': 'Start requested',
  'start started': 'Started',
  'start failed': 'Could not be started',
  'stop stopping': 'Stop requested',
  'stop stopped': 'Stopped',
  'restart restarting': 'Restart requested',
  'update replacing': 'Update requested',
  'update replaced': 'Updated',
  'suspend suspending': 'Suspension requested',
  'suspend suspended': 'Suspended',
  'destroy destroying': 'Destruction requested',
  'destroy destroyed': 'Destroyed',
}

/** By their numbers on Linux. */
const signals: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  6: 'SIGABRT',
  9: 'SIGKILL',
  10: 'SIGUSR1',
  11: 'SIGSEGV',
  12: 'SIGUSR2',
  15: 'SIGTERM',
}

export function sayEvent({ type, status, request = {} }: MachineEvent): EventWords {
  const exit = request['exit_event']
  if (type === 'exit' && typeof exit === 'object' && exit !== null) return sayExit(exit, request['restart_count'])
  const key = `${type} ${status}`
  return {
    title: titles[key] ?? key,
    more: textOf(request['error']),
    tone: status === 'failed' ? 'bad' : key === 'start started' ? 'good' : 'off',
  }
}

interface Exit {
  readonly exit_code?: unknown
  readonly signal?: unknown
  readonly oom_killed?: unknown
  readonly requested_stop?: unknown
  readonly restarting?: unknown
  readonly error?: unknown
}

function sayExit(exit: Exit, restarts: unknown): EventWords {
  const { exit_code: code, requested_stop: isRequested, restarting: isRestarting } = exit
  const error = textOf(exit.error)
  const hasCode = typeof code === 'number' && code >= 0
  return {
    title: `${howOf(exit)}${hasCode ? `${howOf(exit) === 'Ended' ? ' with' : ','} exit code ${code}` : ''}`,
    more: [
      error,
      isRequested === true ? 'as requested' : '',
      isRestarting === true ? 'it starts again' : '',
      typeof restarts === 'number' && restarts > 0 ? `restart ${restarts} in a row` : '',
    ]
      .filter((each) => each !== '')
      .join(' · '),
    tone: isRequested === true || (code === 0 && error === '') ? 'off' : 'bad',
  }
}

function howOf({ oom_killed: isOutOfMemory, signal }: Exit): string {
  if (isOutOfMemory === true) return 'Killed because it ran out of memory'
  return typeof signal === 'number' && signal > 0 ? `Ended by ${signals[signal] ?? `signal ${signal}`}` : 'Ended'
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
