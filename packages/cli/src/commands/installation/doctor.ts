// `hallpass doctor`: lists the problems of an installation, one a line, with remedies.
import { loadAuthority, type EngineAbilities } from '../../authority-package.ts'
import { adviseBy } from '../../command-name.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { JsonFlag } from '../../flags.ts'
import { readInstallation } from '../../installation.ts'
import type { InstallationFlags, SettingFlags } from '../../setting-flags.ts'
import { createSettingReader } from '../../read-settings.ts'
import { tell, writeJson, writeLine } from '../../output.ts'

type DoctorFlags = InstallationFlags & Pick<SettingFlags, 'engine' | 'podSecurity' | 'podNetwork'> & JsonFlag

export async function examineInstallation(context: Context, flags: DoctorFlags): Promise<void> {
  const place = readInstallation(context, flags)
  const read = createSettingReader(context, flags)
  const engine = {
    engine: read.text('engine') ?? 'auto',
    podSecurity: read.text('podSecurity'),
    podNetwork: read.text('podNetwork'),
  }
  const authority = await loadAuthority()
  const now = context.now().getTime()
  const { problems, engine: found } = await authority.examine({ ...place, ...engine, now, env: context.environment })
  if (flags.json === true) writeJson(context, { problems, engine: found ?? null })
  else {
    for (const problem of problems) writeLine(context, adviseBy(context.environment, problem))
    if (found !== undefined) describeEngine(context, found)
  }
  const where = place.databaseUrl === undefined ? place.data : 'the PostgreSQL database'
  if (problems.length === 0) tell(context, `Nothing is wrong with ${where}.`)
  else throw new CommandError('failed', `${problems.length} found in ${where}`)
}

function describeEngine(context: Context, { engine, networks, remedies }: EngineAbilities): void {
  const apart = { isolated: 'are kept apart', shared: 'reach each other', unknown: 'were not found to be kept apart' }
  tell(context, `Machines run on ${engine.name} ${engine.version}; networks of organizations ${apart[networks]}.`)
  for (const remedy of remedies) tell(context, `  ${remedy}`)
}
