// `hallpass flyctl env`: prints the variables that keep flyctl at an authority, for a shell to read.
import { locateConfig, readConfig } from '../../config-file.ts'
import { isSet, type Context } from '../../context.ts'
import { chooseServer, isServerOfEnvironment } from '../../credentials.ts'
import type { GlobalFlags } from '../../flags.ts'
import { writeOnce } from '../../output.ts'
import { formatVariables, tokenVariables, type Shell } from './variables.ts'

export interface EnvFlags extends Pick<GlobalFlags, 'apiUrl'> {
  readonly shell: Shell
}

/** Prints one line for each variable; says on stderr which tokens of the environment flyctl would then send there. */
export async function printVariables(context: Context, flags: EnvFlags): Promise<void> {
  const { environment, stderr } = context
  const server = chooseServer(flags, environment, await readConfig(locateConfig(environment)))
  const text = formatVariables(flags.shell, server)
  const tokens = tokenVariables.filter((name) => isSet(environment, name))
  if (tokens.length > 0 && !isServerOfEnvironment(environment, server)) {
    stderr.write(`With these, flyctl sends ${tokens.join(' and ')} to ${server}: unset those of other platforms.\n`)
  }
  await writeOnce(context, text, 'nothing was changed')
}
