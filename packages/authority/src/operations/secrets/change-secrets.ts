// secret.change: sets and removes secrets of an app, all at once. Machines see it at their next start.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import type { Secret } from '../../domain/secret.ts'
import { expectSigningKey } from '../../domain/store/signing-keys.ts'
import { accessApp, type FoundApp } from '../apps/find-app.ts'
import type { WriteOperation } from '../perform/operation.ts'
import type { ShownSecret } from './read-secrets.ts'

export interface ChangeSecrets {
  readonly appName: string
  /** By name; null removes. */
  readonly values: ReadonlyMap<string, Secret | null>
  /** Whether a secret that is to be removed must be there. */
  readonly mustExist: boolean
}

export interface ChangedSecrets {
  /** All that were set. */
  readonly secrets: readonly ShownSecret[]
  readonly version: number
}

/** Their values become the environment of a process, which is limited: 500 secrets, and 256 KiB of values. */
const mostSecrets = 500
const mostBytes = 256 * 1024

export const changeSecrets: WriteOperation<ChangeSecrets, FoundApp, ChangedSecrets> = {
  name: 'secret.change',
  mode: 'write',

  async access(context, { appName, values }) {
    const request = await accessApp(context, appName, actions.write)
    return { ...request, namedTarget: `${values.size === 1 ? 'a secret' : `${values.size} secrets`} of app ${appName}` }
  },

  async run({ tx, environment, now }, { input: { values, mustExist }, subject: { app, organisation } }) {
    const key = await expectSigningKey(tx.signingKeys, organisation.id)
    const before = new Map((await tx.appSecrets.ofApp(app.id)).map((secret) => [secret.name, secret]))
    let bytes = 0
    for (const { name, sealed } of before.values()) if (!values.has(name)) bytes += sealed.length
    const names = new Set(before.keys())
    const secrets: ShownSecret[] = []
    for (const [name, value] of values) {
      if (value === null) {
        if (mustExist && !before.has(name)) throw new DomainError('not_found', 'there is no secret of this name')
        names.delete(name)
        await tx.appSecrets.delete(app.id, name)
        continue
      }
      const { sealed, digest } = environment.keyring.sealSecret(key, { appId: app.id, name }, value)
      const times = { createdAt: before.get(name)?.createdAt ?? now, updatedAt: now }
      names.add(name)
      bytes += sealed.length
      await tx.appSecrets.set(app.id, { name, digest, sealed, ...times })
      secrets.push({ name, digest, ...times })
    }
    if (names.size > mostSecrets || bytes > mostBytes) {
      throw new DomainError('invalid', 'an app can have at most 500 secrets, of 256 KiB together', {
        field: 'values',
      })
    }
    return { secrets, version: await tx.appSecrets.countChange(app.id) }
  },
}
