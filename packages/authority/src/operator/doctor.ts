// Examines an installation, with or without a running server, and changes nothing: what is wrong, and how to fix it.
import { StartupError } from '../domain/errors.ts'
import { Secret } from '../domain/secret.ts'
import { checkRootKey } from '../keyring/keyring.ts'
import { rootKeyPath } from '../keyring/root-key-file.ts'
import { findRootKey } from '../keyring/root-key.ts'
import type { EngineSetting } from '../machines/open-engine.ts'
import type { Examined, Look } from '../store/look.ts'
import { newestVersion } from '../store/migrate.ts'
import { examineStore } from '../store/open.ts'
import { findExposure } from '../store/sqlite-files.ts'
import type { InstallationPlace } from './backup.ts'
import { examineEngine, type ExaminedEngine } from './examine-engine.ts'

export interface Examination extends ExaminedEngine {
  /** Each a sentence that says how to fix it. */
  readonly problems: readonly string[]
}

/** @param place with the clock's milliseconds since 1970, and what the flags of the server say about its engine */
export async function examine(
  place: InstallationPlace & {
    readonly now: number
    readonly engine: EngineSetting
    readonly podSecurity?: string | undefined
    readonly podNetwork?: string | undefined
    readonly env: Readonly<Record<string, string | undefined>>
  },
): Promise<Examination> {
  const { dataDirectory, databaseUrl, now } = place
  const { look, problems } = await sentencesOf(() =>
    examineStore(databaseUrl === undefined ? { directory: dataDirectory } : { url: databaseUrl }),
  )
  const known = look === undefined ? [] : [...problemsOfVersion(look), ...problemsOfClock(look, now)]
  // For SQLite the other checks already report this.
  const exposure =
    databaseUrl === undefined || place.rootKey !== undefined ? [] : findExposure(dataDirectory, 'operator')
  const { problem, ...machines } = await examineEngine({ ...place, last: look?.lastEngine })
  const ofKey = await problemsOfRootKey(place, look)
  return {
    problems: [...problems, ...exposure, ...ofKey, ...known, ...(problem === undefined ? [] : [problem])],
    ...machines,
  }
}

async function sentencesOf(work: () => Promise<Examined>): Promise<Examined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof StartupError)) throw error
    return { look: undefined, problems: [error.message] }
  }
}

async function problemsOfRootKey(place: InstallationPlace, look: Look | undefined): Promise<string[]> {
  const { dataDirectory, rootKey } = place
  try {
    const environment = rootKey === undefined ? undefined : new Secret(rootKey)
    const found = await findRootKey({ environment, dataDirectory })
    if (look === undefined) return []
    if (found === undefined) {
      return [
        `There is no root key, neither HALLPASS_ROOT_KEY nor ${rootKeyPath(dataDirectory)}: restore the key that the ` +
          'database was made with.',
      ]
    }
    if (look.rootKeyProof !== undefined) checkRootKey(found.key, look.rootKeyProof)
    else if (look.holdsAccounts || found.file?.isUsed === true) {
      return ['The database is empty or damaged: it has no proof of a root key. Restore a backup.']
    }
    return []
  } catch (error) {
    if (error instanceof StartupError) return [error.message]
    throw error
  }
}

function problemsOfVersion({ version }: Look): string[] {
  if (version === newestVersion) return []
  const what = `The database is at version ${version}, and this program works with version ${newestVersion}`
  return [
    version < newestVersion
      ? `${what}: start its server, which brings it up to date.`
      : `${what}: use the newer program.`,
  ]
}

function problemsOfClock({ newest }: Look, now: number): string[] {
  if (newest === undefined || newest <= now + mostBehind) return []
  const seconds = Math.round((newest - now) / 1000)
  return [
    `The clock is ${seconds} seconds behind the newest event, or was ahead when that was written: set it right, and let it ` +
      'follow a time server.',
  ]
}

// How far another authority's clock may have been ahead, in milliseconds.
const mostBehind = 5000
