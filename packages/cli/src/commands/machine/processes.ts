// `hallpass machine ps`: what runs in a machine.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { AppFlags, GlobalFlags, JsonFlag } from '../../flags.ts'
import { writeTable, wroteJson } from '../../output.ts'
import { findMachine } from './find-machine.ts'

interface ProcessFlags extends GlobalFlags, JsonFlag, AppFlags {
  readonly sort?: 'pid' | 'rtime' | 'command' | 'cpu' | 'rss' | undefined
  readonly reverse?: boolean | undefined
}

export async function listProcesses(context: Context, flags: ProcessFlags, given: string): Promise<void> {
  const client = await connect(context, flags)
  const name = await findMachine(context, client, flags, given)
  const order = flags.reverse === true ? 'desc' : 'asc'
  const processes = await client.listProcesses({ ...name, sort_by: flags.sort ?? 'pid', order })
  if (wroteJson(context, flags, processes)) return
  writeTable(
    context,
    ['PID', 'SECONDS', 'CPU %', 'MB', 'DIRECTORY', 'COMMAND'],
    processes.map(({ pid, rtime, cpu, rss, directory, command }) => [
      `${pid}`,
      `${rtime}`,
      `${cpu}`,
      (rss / 2 ** 20).toFixed(1),
      directory || '-',
      command,
    ]),
  )
}
