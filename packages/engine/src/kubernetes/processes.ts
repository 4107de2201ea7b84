// The processes of a run in a cluster, as a shell in it finds them.
import { EngineError, notRunning } from '../engine-error.ts'
import { mostProcesses, type RunProcess } from '../engine.ts'
import { runShort } from './channels.ts'
import type { Cluster } from './cluster.ts'
import { errorOfCommand } from './errors.ts'

export async function listProcesses(cluster: Cluster, runId: string): Promise<readonly RunProcess[]> {
  const seen = await cluster.demand(runId)
  if (seen.status.state !== 'running') throw notRunning(runId)
  const argv = ['sh', '-c', script, String(mostProcesses)]
  const abort = AbortSignal.timeout(cluster.timeoutMs)
  const { text } = await runShort(cluster.client, { ...seen, argv, abort, maxBytes: 2 ** 23 }, (words) => {
    const error = errorOfCommand(words)
    if (error.code !== 'command_not_found') return error
    return new EngineError('unsupported', 'The image has no shell that could list processes', { cause: error })
  })
  const [head = '', ...blocks] = text.split(separator)
  const uptime = Number(head.split(' ')[0])
  return blocks.map((block) => processOf(block, uptime)).filter((one) => one !== undefined)
}

/** Of the words of the script. The first process of the Pod is the cluster's, and the lister is not of the run. */
function processOf(block: string, uptime: number): RunProcess | undefined {
  const [directory = '', stat = '', ...rest] = block.split('\n')
  const end = stat.lastIndexOf(')')
  const pid = Number.parseInt(stat, 10)
  const fields = stat
    .slice(end + 2)
    .split(' ')
    .map(Number)
  if (end === -1 || pid === 1) return undefined
  const [inUser = 0, inKernel = 0, began = 0, pages = 0] = [fields[11], fields[12], fields[19], fields[21]]
  const seconds = Math.max(1 / ticks, uptime - began / ticks)
  const words = rest.join('\n').trimEnd()
  return {
    pid,
    startedAt: new Date(Date.now() - seconds * 1000),
    // A zombie has no command line.
    command: (words || `[${stat.slice(stat.indexOf('(') + 1, end)}]`).slice(0, 4096),
    directory: directory.slice(0, 4096),
    cpu: ((inUser + inKernel) / ticks / seconds) * 100,
    memory: pages * pageBytes,
  }
}

const separator = '\u0001\n'
/** For each process: a line with a separator, its folder, its `stat`, its words. */
const script = [
  'exec 2>/dev/null; cat /proc/uptime; n=0',
  'for p in /proc/[0-9]*; do',
  '  [ "${p#/proc/}" = "$$" ] || [ "$n" -ge "$0" ] && continue',
  '  s=$(cat "$p/stat") || continue',
  '  printf \'\\001\\n%s\\n%s\\n\' "$(readlink "$p/cwd")" "$s"',
  '  tr "\\000" " " <"$p/cmdline"; n=$((n+1))',
  'done',
].join('\n')
/** Of the kernel's clock in a second, as Linux counts for programs. */
const ticks = 100
const pageBytes = 4096
