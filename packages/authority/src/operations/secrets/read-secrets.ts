// secret.list and secret.show: the names and digests of an app's secrets, and the values for those who may change them.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import type { Secret } from '../../domain/secret.ts'
import type { AppSecret } from '../../domain/store/app-secrets.ts'
import { accessApp, type FoundApp } from '../apps/find-app.ts'
import type { OperationContext, ReadOperation } from '../perform/operation.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { openSecrets } from './open-secrets.ts'

export interface ReadSecrets {
  readonly appName: string
  /** Whether the values are asked for: that takes the right to write. */
  readonly withValues: boolean
  /** The caller has seen this version, and takes no older one. */
  readonly leastVersion: number
}

/** A secret as its readers see it. */
export interface ShownSecret extends Omit<AppSecret, 'sealed'> {
  readonly value?: Secret
}

export const listSecrets: ReadOperation<ReadSecrets, FoundApp, readonly ShownSecret[]> = {
  name: 'secret.list',
  mode: 'read',
  access: (context, { appName, withValues }) => accessSecrets(context, appName, withValues),

  async run({ tx, environment }, { input, subject: { app } }) {
    await expectSecretsVersion(tx, app.id, input.leastVersion)
    const secrets = await tx.appSecrets.ofApp(app.id)
    const values = input.withValues ? await openSecrets(tx, environment.keyring, app, secrets) : undefined
    return secrets.map((secret) => show(secret, values?.get(secret.name)))
  },
}

export const showSecret: ReadOperation<ReadSecrets & { readonly name: string }, FoundApp, ShownSecret> = {
  name: 'secret.show',
  mode: 'read',
  access: (context, { appName, withValues }) => accessSecrets(context, appName, withValues),

  async run({ tx, environment }, { input: { name, withValues, leastVersion }, subject: { app } }) {
    await expectSecretsVersion(tx, app.id, leastVersion)
    const secret = await tx.appSecrets.byName(app.id, name)
    if (secret === undefined) throw new DomainError('not_found', 'there is no secret of this name')
    const values = withValues ? await openSecrets(tx, environment.keyring, app, [secret]) : undefined
    return show(secret, values?.get(name))
  },
}

function accessSecrets(context: OperationContext<ReadTransaction>, appName: string, withValues: boolean) {
  return accessApp(context, appName, withValues ? actions.write : actions.read)
}

/** @throws DomainError `failed_precondition` if the secrets of the app have not reached this version yet */
export async function expectSecretsVersion(tx: ReadTransaction, appId: number, least: number): Promise<void> {
  if (least > 0 && (await tx.appSecrets.version(appId)) < least) {
    throw new DomainError('failed_precondition', 'failed_precondition: the secrets of this app have an older version')
  }
}

function show({ name, digest, createdAt, updatedAt }: AppSecret, value: Secret | undefined): ShownSecret {
  return { name, digest, createdAt, updatedAt, ...(value === undefined ? {} : { value }) }
}
