// token.mint: makes a token with at most the authority of its minter.
import { MacaroonError, actions, expiration, organizationScope, type Caveat } from '@hallpass/macaroon'
import { maxHeaderLength } from '@hallpass/macaroon/internal'

import { DomainError } from '../../domain/errors.ts'
import type { WrappedSigningKey } from '../../domain/key.ts'
import type { MintedToken, TicketOrder } from '../../domain/keyring.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { Secret } from '../../domain/secret.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { leadSeconds, type ListedToken, type NewToken, type Profile, type TokenRecord } from '../../domain/token.ts'
import type { User } from '../../domain/user.ts'
import { findApp } from '../apps/find-app.ts'
import { findOrganisation } from '../organisations/find-organisation.ts'
import { inherit, orderTicket } from '../discharges/membership-demand.ts'
import type { Services, WriteOperation } from '../perform/operation.ts'
import { caveatsOfProfile, defaultTokenNames, type TokenScope } from './profiles.ts'

export interface MintToken {
  /** Absent if the app alone says which organisation it is. */
  readonly slug: string | undefined
  readonly profile: Profile
  /** Needed by `deploy`. */
  readonly appName: string | undefined
  /** Needed by `litefs_cloud`. */
  readonly cluster: string | undefined
  readonly name: string | undefined
  /** Seconds. */
  readonly lifetime: number
  /** Restrictions in addition to those of the profile. */
  readonly caveats: readonly Caveat[]
}

export interface Minted {
  readonly token: Secret
  readonly record: ListedToken
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
        refuse: (credential) =>
          credential.kind === 'token' && organisation.tokenMinting === 'forbidden'
            ? `organization ${organisation.slug} does not let tokens mint: a person must log in and mint this one`
            : undefined,
      },
      target: app === undefined ? `organisation ${organisation.slug}` : `app ${app.name}`,
      namedTarget: `token ${name ?? defaultTokenNames[profile]}`,
      organisationId: organisation.id,
    }
  },

  async run({ tx, environment, now }, { input, subject: { organisation, app }, actor }) {
    // After authorisation, so that others cannot find out which organisation an app belongs to.
    if (input.appName !== undefined && app === undefined) {
      throw new DomainError('not_found', `there is no app ${input.appName} in organization ${organisation.slug}`)
    }
    const key = await tx.signingKeys.newest(organisation.id)
    if (key === undefined) throw new Error(`organisation ${organisation.id} has no signing key`)
    const second = Math.floor(now / 1000)
    const inherited = await inherit(tx, environment.keyring, actor)
    const caveats = [
      ...caveatsOfProfile(organisation.id, scopeOf(input, app?.id), {
        notBefore: second - leadSeconds,
        notAfter: second + input.lifetime,
      }),
      // Before those that were asked for: what a run label says comes after those that were there.
      ...inherited.caveats,
      ...input.caveats,
    ]
    const end = expiration(caveats)
    expectUse(caveats, end, organisation, second)
    const creator = actor.kind === 'user' ? actor.user : await findCreator(tx, actor.record)
    const createdBy = creator?.id ?? null
    const order = await orderTicket(tx, environment, organisation, inherited.demand, createdBy)
    const minted = mint(environment, key, caveats, order)
    const record: NewToken = {
      id: minted.id,
      organisationId: organisation.id,
      appId: app?.id ?? null,
      profile: input.profile,
      name: input.name ?? defaultTokenNames[input.profile],
      createdBy,
      mintedBy: actor.kind === 'token' ? actor.record.id : null,
      createdAt: now,
      expiresAt: Number(end ?? second + input.lifetime) * 1000,
      revokedAt: null,
      revokedBy: null,
      caveats: minted.caveats,
    }
    await environment.quotas.expectRoom(tx, organisation, 'tokens', now)
    await tx.tokens.insert(record)
    return {
      token: minted.token,
      record: {
        ...record,
        createdByEmail: creator?.email ?? null,
        createdByProvenAt: creator?.emailProvenAt ?? null,
        appName: app?.name ?? null,
      },
      organisation,
    }
  },

  auditDetails: ({ record }) => ({ target: `token ${record.id}`, organisationId: record.organisationId }),
}

/** The person in whose name a token mints; nobody if it was made before its person had proven the address. */
async function findCreator(tx: ReadTransaction, { createdBy, createdAt }: TokenRecord): Promise<User | undefined> {
  const creator = createdBy === null ? undefined : await tx.users.byId(createdBy)
  return creator?.emailProvenAt != null && creator.emailProvenAt > createdAt ? undefined : creator
}

/**
 * @throws DomainError `invalid` for caveats that forbid everything: a token that is dead from the start helps nobody
 */
function expectUse(
  caveats: readonly Caveat[],
  end: bigint | undefined,
  { id, slug }: Organisation,
  second: number,
): void {
  if (end !== undefined && end <= second) throw unfit('make the token end before it begins')
  try {
    if (organizationScope(caveats) === BigInt(id)) return
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
  }
  throw unfit(`limit the token to another organization than ${slug}`)
}

/** @throws DomainError `invalid` if a token cannot carry so many caveats */
function mint(
  { keyring }: Services,
  key: WrappedSigningKey,
  caveats: readonly Caveat[],
  order: TicketOrder | undefined,
): MintedToken {
  try {
    const minted = keyring.mint(key, caveats, order)
    if (minted.token.reveal().length <= maxHeaderLength) return minted
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
    if (error.code !== 'too-many' && error.code !== 'too-long') throw error
  }
  throw unfit('are more than a token carries, together with those of the profile and of the token that mints it')
}

function unfit(predicate: string): DomainError {
  return new DomainError('invalid', `the caveats ${predicate}`, { field: 'caveats' })
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
