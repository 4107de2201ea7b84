// `hallpass secrets set`: values that only the machines of an app see.
import { connect } from '../../connect.ts'
import { chooseApp } from '../../choose.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { AppFlags, GlobalFlags, JsonFlag } from '../../flags.ts'
import { readText } from '../../held-token.ts'
import { writeLine, wroteJson } from '../../output.ts'
import type { PatienceFlag } from '../machine/machine-flags.ts'
import { restartMachines } from './restart-machines.ts'

export interface SecretFlags extends GlobalFlags, JsonFlag, AppFlags, PatienceFlag {
  readonly stage?: boolean | undefined
}

/** Sets them, and restarts the running machines, which then see them. */
export async function setSecrets(context: Context, flags: SecretFlags, ...words: readonly string[]): Promise<void> {
  const values = await readValues(context, words)
  const client = await connect(context, flags)
  const app_name = await chooseApp(context, flags)
  const changed = await client.changeSecrets({ app_name, values })
  if (!wroteJson(context, flags, changed)) {
    for (const name of Object.keys(values)) writeLine(context, `Set ${name}`)
  }
  if (flags.stage !== true) await restartMachines(context, client, app_name, flags)
}

/** `NAME=VALUE` of each; `NAME=-` is what comes on standard input, without the line break at its end. */
async function readValues(context: Context, words: readonly string[]): Promise<Record<string, string>> {
  const values = new Map<string, string>()
  let hasRead = false
  for (const [at, word] of words.entries()) {
    const [, name, value = ''] = /^([A-Za-z_]\w{0,127})=([^]*)$/.exec(word) ?? []
    // The argument may be a secret value.
    if (name === undefined) throw new CommandError('misused', `argument ${at + 1} is not NAME=VALUE`)
    if (values.has(name)) throw new CommandError('misused', `${name} is given twice`)
    if (value === '-' && hasRead)
      throw new CommandError('misused', 'standard input can be the value of one secret only')
    hasRead ||= value === '-'
    values.set(name, value === '-' ? (await readText(context, '-')).replace(/\r?\n$/, '') : value)
  }
  return Object.fromEntries(values)
}
