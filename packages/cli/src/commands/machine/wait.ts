// `hallpass machine wait`: waits until a machine is in a state.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { AppFlags, GlobalFlags, JsonFlag } from '../../flags.ts'
import { writeLine, wroteJson } from '../../output.ts'
import { readMilliseconds } from './configuration.ts'
import { findMachine } from './find-machine.ts'
import type { awaited, PatienceFlag } from './machine-flags.ts'
import { unlessLate } from './progress.ts'

interface WaitFlags extends GlobalFlags, JsonFlag, AppFlags, PatienceFlag {
  readonly state?: (typeof awaited)[number] | undefined
}

/** Seconds of one question. */
const look = 20

/** Prints the state that it is in then. */
export async function waitForMachine(context: Context, flags: WaitFlags, given: string): Promise<void> {
  const end = performance.now() + readMilliseconds('--wait-timeout', flags.waitTimeout)
  const client = await connect(context, flags)
  const name = await findMachine(context, client, flags, given)
  const { state = 'settled' } = flags
  for (;;) {
    const left = Math.max(0, end - performance.now()) / 1000
    const waited = await unlessLate(client.waitForMachine({ ...name, state, timeout: Math.min(look, left) }))
    if (waited !== undefined) {
      if (!wroteJson(context, flags, waited)) writeLine(context, waited.state)
      return
    }
    if (performance.now() < end) continue
    const advice = `\`hallpass machine status ${name.machine_id}\` shows what it is`
    throw new CommandError('failed', `machine ${name.machine_id} is not ${state} after ${flags.waitTimeout}: ${advice}`)
  }
}
