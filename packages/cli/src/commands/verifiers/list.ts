// `hallpass verifiers list`: the services that verify tokens themselves.
import { loadAuthority } from '../../authority-package.ts'
import type { Context } from '../../context.ts'
import type { JsonFlag } from '../../flags.ts'
import { formatGoTime } from '../../go-time.ts'
import { readInstallation } from '../../installation.ts'
import { writeJson, writeTable } from '../../output.ts'
import type { InstallationFlags } from '../../setting-flags.ts'

export async function listVerifiers(context: Context, flags: InstallationFlags & JsonFlag): Promise<void> {
  const authority = await loadAuthority()
  const verifiers = (await authority.listVerifiers(readInstallation(context, flags))).map(
    ({ id, name, createdAt }) => ({
      id,
      name,
      created_at: new Date(createdAt).toISOString(),
    }),
  )
  if (flags.json === true) return writeJson(context, verifiers)
  writeTable(
    context,
    ['ID', 'NAME', 'CREATED AT'],
    verifiers.map(({ id, name, created_at }) => [String(id), name, formatGoTime(created_at)]),
  )
}
