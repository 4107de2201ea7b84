// The processes of a run of a Docker Engine: its `top`, which is `ps` of its machine, or Podman's own.
import { notRunning } from '../engine-error.ts'
import { mostProcesses, type RunProcess } from '../engine.ts'
import type { Daemon } from './daemon.ts'

export async function listProcesses(daemon: Daemon, runId: string): Promise<readonly RunProcess[]> {
  const { Id: container, State: state } = await daemon.demand(runId)
  if (!['running', 'paused'].includes(state.Status)) throw notRunning(runId)
  const isPodman = /podman/i.test((await daemon.capabilities()).engine.name)
  const columns = isPodman ? 'pid,etime,pcpu,rss,args' : '-eo pid,etimes,pcpu,rss,args'
  const query = { ps_args: columns, ...(isPodman ? { stream: false } : {}) }
  const { value, date } = await daemon.client.ask<Top>({ path: ['containers', container, 'top'], query })
  return (value.Processes ?? []).slice(0, mostProcesses).map(([pid, elapsed = '', cpu, kibibytes, ...words]) => ({
    pid: Number(pid) || 0,
    startedAt: new Date(date.getTime() - secondsOf(elapsed) * 1000),
    command: words.join(' ').slice(0, 4096),
    directory: '',
    cpu: Number(cpu) || 0,
    memory: (Number(kibibytes) || 0) * 1024,
  }))
}

/** Seconds, or a duration as Go writes it. */
function secondsOf(text: string): number {
  const parts = [...text.matchAll(/([\d.]+)(ms|h|m|s|$)/g)]
  return parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (units.get(unit) ?? 0), 0)
}

const units: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
  ['ms', 0.001],
])

interface Top {
  readonly Processes: readonly (readonly string[])[] | null
}
