// Opens the sealed secrets of an app, for its machines and for those who may see them.
import type { App } from '../../domain/app.ts'
import { kidOfSecret } from '../../domain/key.ts'
import type { Keyring } from '../../domain/keyring.ts'
import type { Secret } from '../../domain/secret.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { AppSecret } from '../../domain/store/app-secrets.ts'

/** The values by name: of the given secrets, or of all secrets of the app. */
export async function openSecrets(
  tx: ReadTransaction,
  keyring: Keyring,
  { id, organisationId }: Pick<App, 'id' | 'organisationId'>,
  given?: readonly AppSecret[],
): Promise<ReadonlyMap<string, Secret>> {
  const secrets = given ?? (await tx.appSecrets.ofApp(id))
  const values = new Map<string, Secret>()
  for (const { name, sealed } of secrets) {
    const key = await tx.signingKeys.byKid(kidOfSecret(sealed))
    if (key?.organisationId !== organisationId) throw new Error(`a key of organization ${organisationId} is missing`)
    const value = keyring.openSecret(key, { appId: id, name }, sealed)
    if (value === undefined) throw new Error(`a secret of app ${id} cannot be opened`)
    values.set(name, value)
  }
  return values
}
