// `hallpass doctor`: says what is wrong with an installation, one line for each, with the remedy.
import { loadAuthority } from '../../authority-package.ts'
import { adviseBy } from '../../command-name.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { JsonFlag } from '../../flags.ts'
import { readInstallation } from '../../installation.ts'
import type { InstallationFlags } from '../../setting-flags.ts'
import { tell, writeJson, writeLine } from '../../output.ts'

export async function examineInstallation(context: Context, flags: InstallationFlags & JsonFlag): Promise<void> {
  const place = readInstallation(context, flags)
  const authority = await loadAuthority()
  const problems = await authority.examine({ ...place, now: context.now().getTime() })
  if (flags.json === true) writeJson(context, { problems })
  else for (const problem of problems) writeLine(context, adviseBy(context.environment, problem))
  const where = place.databaseUrl === undefined ? place.data : 'the PostgreSQL database'
  if (problems.length === 0) tell(context, `Nothing is wrong with ${where}.`)
  else throw new CommandError('failed', `${problems.length} found in ${where}`)
}
