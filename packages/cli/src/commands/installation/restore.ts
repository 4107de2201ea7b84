// `hallpass restore`: puts a backup into a data directory.
import { resolve } from 'node:path'

import { loadAuthority } from '../../authority-package.ts'
import type { Context } from '../../context.ts'
import type { JsonFlag } from '../../flags.ts'
import { cleanPath } from '../../given-text.ts'
import { readInstallation } from '../../installation.ts'
import type { InstallationFlags } from '../../setting-flags.ts'
import { tell, writeJson, writeLine } from '../../output.ts'
import { describeFacts } from './facts.ts'

export async function restoreInstallation(
  context: Context,
  flags: InstallationFlags & JsonFlag,
  word: string,
): Promise<void> {
  const place = readInstallation(context, flags)
  const file = resolve(context.directory, cleanPath(word, 'the name of the file'))
  const authority = await loadAuthority()
  const restored = await authority.restore({ ...place, file, now: context.now() })
  if (flags.json === true) writeJson(context, restored)
  else writeLine(context, restored.file)
  tell(context, `Restored, and checked as a whole: ${describeFacts(restored)}.`)
  if (restored.kept !== undefined) tell(context, `The database that was there is kept as ${restored.kept}.`)
  if (restored.rootKeyFits === undefined) {
    tell(context, `Before you start: put the root key that belongs to it at ${restored.rootKey}, with mode 0600.`)
  }
  tell(context, 'What was revoked or changed after the backup was made is as it was before: revoke it once more.')
}
