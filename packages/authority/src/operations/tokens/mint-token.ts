// token.mint: makes a token with at most the authority of its minter.
import { actions, type Caveat } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { Secret } from '../../domain/secret.ts'
import type { ListedToken, Profile } from '../../domain/token.ts'
import { nowhere } from '../../domain/token-policy.ts'
import { findApp } from '../apps/find-app.ts'
import { findOrganisation } from '../organisations/find-organisation.ts'
import { blockIn, type Judged } from '../perform/blocks.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { mintUnder, refuseMinting } from './mint-under.ts'
import { defaultTokenNames, type TokenScope } from './profiles.ts'

export interface MintToken {
  /** Absent if the app alone says which organisation it is. */
  readonly slug: string | undefined
  readonly profile: Profile
  /** Needed by `deploy`. */
  readonly appName: string | undefined
  /** Needed by `litefs_cloud`. */
  readonly cluster: string | undefined
  readonly name: string | undefined
  /** Seconds; absent for as many as the organisation says. */
  readonly lifetime: number | undefined
  /** Restrictions in addition to those of the profile. */
  readonly caveats: readonly Caveat[]
}

export interface Minted {
  readonly token: Secret
  readonly record: Judged<ListedToken>
  readonly organisation: Organisation
}

interface MintSubject {
  readonly organisation: Organisation
  readonly app: { readonly id: number; readonly name: string } | undefined
}

export const mintToken: WriteOperation<MintToken, MintSubject, Minted> = {
  name: 'token.mint',
  mode: 'write',

  async access(context, { slug, profile, appName, name }) {
    const found = appName === undefined ? undefined : await findApp(context, appName)
    const organisation = slug === undefined ? found?.organisation : await findOrganisation(context, slug)
    if (organisation === undefined) throw new DomainError('invalid', 'an organization or an app is needed')
    // The full mask: a minter without all of it must not mint a token that has it.
    const app = found?.organisation.id === organisation.id ? found.app : undefined
    const access = app === undefined ? { action: actions.all } : { action: actions.all, appId: BigInt(app.id) }
    return {
      subject: { organisation, app },
      requirement: {
        kind: 'access',
        organisation,
        access,
        refuse: (credential) => refuseMinting(credential, organisation),
      },
      target: app === undefined ? `organisation ${organisation.slug}` : `app ${app.name}`,
      namedTarget: `token ${name ?? defaultTokenNames[profile]}`,
      organisationId: organisation.id,
    }
  },

  async run(context, { input, subject: { organisation, app }, actor }) {
    // After authorisation, so that others cannot find out which organisation an app belongs to.
    if (input.appName !== undefined && app === undefined) {
      throw new DomainError('not_found', `there is no app ${input.appName} in organization ${organisation.slug}`)
    }
    const { token, record, creator } = await mintUnder(context, actor, {
      organisation,
      scope: scopeOf(input, app?.id),
      appId: app?.id ?? null,
      machineId: null,
      name: input.name ?? defaultTokenNames[input.profile],
      lifetime: input.lifetime,
      caveats: input.caveats,
    })
    return {
      token,
      record: {
        ...record,
        createdByEmail: creator?.email ?? null,
        createdByProvenAt: creator?.emailProvenAt ?? null,
        appName: app?.name ?? null,
        lastUse: null,
        block: await blockIn(context.tx, organisation, record, nowhere),
      },
      organisation,
    }
  },

  auditDetails: ({ record }) => ({ target: `token ${record.id}`, organisationId: record.organisationId }),
}

function scopeOf({ profile, cluster }: MintToken, appId: number | undefined): TokenScope {
  switch (profile) {
    case 'deploy_organization':
      return { profile }
    case 'deploy':
      if (appId === undefined) throw new DomainError('invalid', 'a deploy token needs an app', { field: 'app' })
      return { profile, appId }
    case 'litefs_cloud':
      if (cluster === undefined) throw new DomainError('invalid', 'cluster is missing', { field: 'cluster' })
      return { profile, cluster }
  }
}
