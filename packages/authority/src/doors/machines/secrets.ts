// The handlers for secrets of apps.
import { Secret } from '../../domain/secret.ts'
import { changeSecrets } from '../../operations/secrets/change-secrets.ts'
import { listSecrets, showSecret, type ShownSecret } from '../../operations/secrets/read-secrets.ts'
import type { Handlers } from '../http/handler.ts'

type Names = 'listSecrets' | 'changeSecrets' | 'showSecret' | 'setSecret' | 'deleteSecret'

export const secretHandlers: Handlers<Names> = {
  async listSecrets({ params, query }, { perform }) {
    return { secrets: (await perform(listSecrets, readQuery(params.app_name, query))).map(encodeSecret) }
  },

  async changeSecrets({ params, body }, { perform }) {
    const values = Object.entries(body.values).map(
      ([name, value]) => [name, value === null ? null : new Secret(value)] as const,
    )
    const changed = await perform(changeSecrets, {
      appName: params.app_name,
      values: new Map(values),
      mustExist: false,
    })
    return { secrets: changed.secrets.map(encodeSecret), version: changed.version }
  },

  async showSecret({ params, query }, { perform }) {
    const asked = { ...readQuery(params.app_name, query), name: params.secret_name }
    return encodeSecret(await perform(showSecret, asked))
  },

  async setSecret({ params, body }, { perform }) {
    const { secrets, version } = await perform(changeSecrets, {
      appName: params.app_name,
      values: new Map([[params.secret_name, new Secret(body.value)]]),
      mustExist: false,
    })
    const [secret] = secrets
    if (secret === undefined) throw new Error('a secret that was set is not there')
    return { ...encodeSecret(secret), version }
  },

  async deleteSecret({ params }, { perform }) {
    const { version } = await perform(changeSecrets, {
      appName: params.app_name,
      values: new Map([[params.secret_name, null]]),
      mustExist: true,
    })
    // Go's clients read either.
    return { version, Version: version }
  },
}

function readQuery(
  appName: string,
  query: {
    readonly show_secrets?: boolean | undefined
    readonly min_version?: number | undefined
    readonly version?: number | undefined
  },
) {
  return {
    appName,
    withValues: query.show_secrets === true,
    leastVersion: query.min_version ?? query.version ?? 0,
  }
}

function encodeSecret({ name, digest, value, createdAt, updatedAt }: ShownSecret) {
  return {
    name,
    digest,
    ...(value === undefined ? {} : { value: value.reveal() }),
    created_at: new Date(createdAt).toISOString(),
    updated_at: new Date(updatedAt).toISOString(),
  }
}
