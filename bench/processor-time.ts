// The processor time of a process with all its threads and all its children, as Linux counts it.
import { readdirSync, readFileSync } from 'node:fs'

/** Microseconds, to the hundredth of a second. */
export function processorTime(pid: number): number {
  const parents = new Map<number, number>()
  const ticks = new Map<number, number>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const fields = readStat(name)
    if (fields === undefined) continue
    parents.set(Number(name), Number(fields[parentAt]))
    // Its own time, and that of its children that have ended.
    ticks.set(
      Number(name),
      fields.slice(timesAt, timesAt + 4).reduce((sum, field) => sum + Number(field), 0),
    )
  }
  const isOurs = (each: number | undefined): boolean =>
    each === pid || (each !== undefined && each > 1 && isOurs(parents.get(each)))
  let sum = 0
  for (const [each, spent] of ticks) if (isOurs(each)) sum += spent
  return sum * microsecondsOfATick
}

// Places after the name of the process (proc_pid_stat(5)).
const parentAt = 1
const timesAt = 11
// USER_HZ is 100 on every Linux that Node runs on.
const microsecondsOfATick = 10_000

/** Undefined if the process has ended. The name, in brackets, may itself hold spaces and brackets. */
function readStat(pid: string): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
