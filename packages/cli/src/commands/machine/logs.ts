// `hallpass machine logs`: the output of machines, past and new.
import type { LogLines } from '@hallpass/client'
import { printable } from '@hallpass/client/visible-text'

import { chooseApp } from '../../choose.ts'
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { AppFlags, GlobalFlags, JsonFlag } from '../../flags.ts'
import { writeLine } from '../../output.ts'
import { findMachine } from './find-machine.ts'

interface LogFlags extends GlobalFlags, JsonFlag, AppFlags {
  readonly follow?: boolean | undefined
  readonly tail?: string | undefined
  readonly timestamps?: boolean | undefined
}

type LogLine = LogLines['lines'][number]

/** Seconds that the authority waits for a line. */
const patience = 20

/** Prints the lines of one machine as it wrote them; of all machines of an app with their ids. */
export async function readLogs(context: Context, flags: LogFlags, given?: string): Promise<void> {
  const tail = flags.tail === undefined ? undefined : readTail(flags.tail)
  const client = await connect(context, flags)
  const of =
    given === undefined
      ? { app_name: await chooseApp(context, flags) }
      : await findMachine(context, client, flags, given).then(({ app_name, machine_id }) => ({
          app_name,
          machine: machine_id,
        }))
  let next: { readonly next_token?: string; readonly tail?: number | undefined } = { tail }
  for (;;) {
    const wait = flags.follow === true ? { wait: patience } : {}
    const { lines, next_token } = await client.readLogs({ ...of, ...next, ...wait })
    for (const line of lines) writeLog(context, flags, line, given === undefined)
    if (lines.length === 0 && flags.follow !== true) return
    next = { next_token }
  }
}

function writeLog(context: Context, { json, timestamps }: LogFlags, line: LogLine, withId: boolean): void {
  if (json === true) {
    writeLine(context, JSON.stringify(line))
    return
  }
  const before = [...(timestamps === true ? [line.timestamp] : []), ...(withId ? [line.machine_id] : [])]
  const { stdout, stderr } = context.process
  const stream = line.stream === 'stderr' ? stderr : stdout
  stream.write(`${printable([...before, line.message].join(' '))}\n`)
}

function readTail(text: string): number {
  if (/^[1-9]\d{0,2}$|^1000$/.test(text)) return Number(text)
  throw new CommandError('misused', '--tail takes a number of lines, from 1 to 1000')
}
