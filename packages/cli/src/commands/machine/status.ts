// `hallpass machine status`: one machine, and what happened to it.
import { describeRunLabels, type MachineEvent } from '@hallpass/client'

import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { AppFlags, GlobalFlags, JsonFlag } from '../../flags.ts'
import { formatGoTime } from '../../go-time.ts'
import { writeLine, writeTable, wroteJson } from '../../output.ts'
import { describeEnding, findProblem, readExit } from './endings.ts'
import { findMachine } from './find-machine.ts'
import { imageOf } from './list.ts'

/** Prints its state, its configuration in short, and its events, newest first. */
export async function showMachine(
  context: Context,
  flags: GlobalFlags & JsonFlag & AppFlags,
  given: string,
): Promise<void> {
  const client = await connect(context, flags)
  const machine = await client.showMachine(await findMachine(context, client, flags, given))
  if (wroteJson(context, flags, machine)) return
  const { id, name, state, region, instance_id, private_ip, config, events = [], cordoned, host_status } = machine
  const ending = describeEnding(machine)
  const lines = [
    ['ID', id],
    ['Name', name],
    ['State', `${state}${cordoned === true ? ', cordoned' : ''}${ending === undefined ? '' : `: it ${ending.words}`}`],
    ['Engine', host_status === 'unreachable' ? 'does not answer: the state is as it was last seen' : ''],
    ['Image', imageOf(config)],
    ['Size', sizeOf(config?.['guest'])],
    ['Volume', volumeOf(config)],
    ['Region', region],
    ['IP address', private_ip],
    ['Own token', describeToken(config?.['token'])],
    ['Version', instance_id],
    ['Run labels', describeRunLabels(machine)],
    ['Created', formatGoTime(machine.created_at)],
    ['Updated', formatGoTime(machine.updated_at)],
  ] as const
  for (const [what, value] of lines) if (value !== '') writeLine(context, `${what}: ${value}`)
  writeLine(context, '')
  writeTable(
    context,
    ['AT', 'EVENT', 'STATE', 'BY', 'MORE'],
    events.map((event) => [
      formatGoTime(new Date(event.timestamp).toISOString()),
      event.type,
      event.status,
      event.source === 'user' ? 'request' : 'authority',
      describeEvent(event),
    ]),
  )
}

function describeEvent(event: MachineEvent): string {
  const exit = readExit(event)
  const code = exit === undefined ? '' : `exit code ${exit.code}${exit.oomKilled ? ', out of memory' : ''}`
  return [code, findProblem(event)].filter((each) => each !== '').join(': ')
}

/** What the configuration says of the machine's own token. */
function describeToken(token: unknown): string {
  if (typeof token !== 'object' || token === null) return ''
  const { caveats = [] } = token as { readonly caveats?: readonly { readonly type: string }[] }
  const types = caveats.map(({ type }) => type).join(', ')
  return `at /.fly, for this machine alone${types === '' ? '' : `, narrowed by ${types}`}`
}

/** `data (vol_…) at /data`. */
function volumeOf({ mounts }: Readonly<Record<string, unknown>> = {}): string {
  const [mount] = Array.isArray(mounts) ? (mounts as readonly Readonly<Record<string, unknown>>[]) : []
  return mount === undefined ? '' : `${String(mount['name'])} (${String(mount['volume'])}) at ${String(mount['path'])}`
}

/** `shared-cpu-1x, 256 MB`. */
function sizeOf(guest: unknown): string {
  if (typeof guest !== 'object' || guest === null) return ''
  const { cpu_kind: kind, cpus, memory_mb: memory } = guest as Readonly<Record<string, unknown>>
  return `${kind === 'performance' ? kind : 'shared-cpu'}-${String(cpus)}x, ${String(memory)} MB`
}
