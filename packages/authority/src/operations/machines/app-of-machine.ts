// The parts of its app that a machine gets when it starts: the name, and the secrets.
import type { Keyring } from '../../domain/keyring.ts'
import type { Machine } from '../../domain/machine.ts'
import type { Secret } from '../../domain/secret.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { openSecrets } from '../secrets/open-secrets.ts'

/** Undefined if the app is deleted. */
export async function appOfMachine(
  tx: ReadTransaction,
  keyring: Keyring,
  { appId, hasSecrets }: Machine,
): Promise<{ readonly name: string; readonly secrets: ReadonlyMap<string, Secret> } | undefined> {
  const app = await tx.apps.byId(appId)
  if (app === undefined) return undefined
  return { name: app.name, secrets: hasSecrets ? await openSecrets(tx, keyring, app) : new Map() }
}
