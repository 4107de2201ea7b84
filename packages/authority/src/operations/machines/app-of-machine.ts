// What is known of the app of a machine: what the machine gets of it when it starts, and what it says of who asks.
import type { Keyring } from '../../domain/keyring.ts'
import type { Machine } from '../../domain/machine.ts'
import type { Secret } from '../../domain/secret.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { Source } from '../perform/operation.ts'
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

/** The machine as the source of requests. The names of apps and organisations never change. */
export async function sourceOf(tx: ReadTransaction, { id, appId, organisationId }: Machine): Promise<Source> {
  const [app, organisation] = [await tx.apps.byId(appId), await tx.organisations.byId(organisationId)]
  return { sourceMachine: id, sourceApp: app?.name, sourceOrganization: organisation?.slug }
}
