// token.authenticate and token.authorise: a service asks about the tokens that it was sent, on behalf of their holder.
import { formatAction, type Access, type Caveat, type VerifiedMacaroon } from '@hallpass/macaroon'
import { writeAddress, parseAddress } from '@hallpass/macaroon/internal'

import type { App } from '../../domain/app.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { SignedRecord } from '../../domain/token.ts'
import { findApp } from '../apps/find-app.ts'
import { findOrganisation } from '../organisations/find-organisation.ts'
import { endOf } from '../perform/authenticate.ts'
import type { ReadOperation } from '../perform/operation.ts'
import type { Credential } from '../perform/principal.ts'

/** A token that counts now. */
export interface GenuineToken {
  readonly id: string
  /** As it was presented. */
  readonly bytes: Uint8Array
  /** The caveats that an access is checked against: its own, those of its discharges, and the networks of its organisation. */
  readonly caveats: readonly Caveat[]
  readonly createdAt: number
  /** By its row and its own caveats. */
  readonly expiresAt: number
}

/** A token that counts now, as far as whoever remembers it must know. */
export interface KnownToken {
  readonly record: SignedRecord
  readonly verified: VerifiedMacaroon
  readonly organisation: Organisation
  /** The ids above it, the nearest first; undefined if there are too many, or too many tokens have them. */
  readonly line: readonly string[] | undefined
}

/** Of one line. */
const longestLine = 100
/** Of one header: each is a question to the store. */
const mostLines = 8

export const authenticateTokens: ReadOperation<undefined, undefined, readonly GenuineToken[]> = {
  name: 'token.authenticate',
  mode: 'read',

  async access() {
    const requirement = { kind: 'credential', ofOthers: true } as const
    return { subject: undefined, requirement, target: 'tokens', organisationId: null }
  },

  async run({ tx, principal }) {
    const genuine: GenuineToken[] = []
    for (const credential of principal.credentials) {
      if (credential.kind !== 'token') continue
      const organisation = await tx.organisations.byId(credential.record.organisationId)
      if (organisation !== undefined) genuine.push(describe(credential, organisation))
    }
    return genuine
  },
}

/** As `authenticateTokens`, for those who remember the answer. */
export const knowTokens: ReadOperation<undefined, undefined, readonly KnownToken[]> = {
  name: authenticateTokens.name,
  mode: 'read',
  access: (...asked) => authenticateTokens.access(...asked),

  async run({ tx, principal }) {
    let lines = 0
    const known = principal.credentials.map(async (credential): Promise<readonly KnownToken[]> => {
      if (credential.kind !== 'token') return []
      const { record, verified } = credential
      const isFirst = record.mintedBy === null && record.successorId === null
      const mayAsk = isFirst || (lines += 1) <= mostLines
      const [organisation, line] = await Promise.all([
        tx.organisations.byId(record.organisationId),
        isFirst ? [] : mayAsk ? tx.tokens.lineOf(record.id, longestLine) : undefined,
      ])
      return organisation === undefined ? [] : [{ record, verified, organisation, line }]
    })
    return (await Promise.all(known)).flat()
  },
}

/** What the names of an access stand for. */
export interface KnownName {
  readonly organisation: Organisation
  /** Undefined if no app was named, or it is not one of the organisation. */
  readonly app: App | undefined
}

/** The same that `authoriseToken` finds; undefined if something of that name does not exist. */
export async function knowName(
  tx: ReadTransaction,
  { slug, appName }: Pick<NamedAccess, 'slug' | 'appName'>,
): Promise<KnownName | undefined> {
  const [found, named] = await Promise.all([
    appName === undefined ? undefined : tx.apps.byName(appName),
    slug === undefined ? undefined : tx.organisations.bySlug(slug),
  ])
  if (appName !== undefined && found === undefined) return undefined
  const organisation = slug === undefined ? found?.organisation : named
  if (organisation === undefined) return undefined
  return { organisation, app: found?.organisation.id === organisation.id ? found.app : undefined }
}

/** An access with names instead of ids. */
export interface NamedAccess {
  /** Absent if the app alone says which organisation it is. */
  readonly slug: string | undefined
  readonly appName: string | undefined
  readonly access: Omit<Access, 'now' | 'orgId' | 'appId'>
}

export interface AllowedAccess {
  /** Letters of `rwcdC`. */
  readonly action: string
  readonly organisation: Organisation
  readonly app: App | undefined
  readonly token: GenuineToken
}

type Subject = Pick<AllowedAccess, 'organisation' | 'app'>

export const authoriseToken: ReadOperation<NamedAccess, Subject, AllowedAccess> = {
  name: 'token.authorise',
  mode: 'read',

  reportedAddress({ access: { sourceAddress } }) {
    // A server that listens for both kinds sees `::ffff:192.0.2.1`, which is one address with 192.0.2.1.
    const address = typeof sourceAddress === 'string' ? parseAddress(sourceAddress) : undefined
    return address && writeAddress(address)
  },

  async access(context, { slug, appName, access }) {
    const found = appName === undefined ? undefined : await findApp(context, appName)
    const organisation = slug === undefined ? found?.organisation : await findOrganisation(context, slug)
    if (organisation === undefined) throw new DomainError('invalid', 'an organization or an app is needed')
    const app = found?.organisation.id === organisation.id ? found.app : undefined
    return {
      subject: { organisation, app },
      requirement: {
        kind: 'access',
        ofOthers: true,
        organisation,
        access:
          found === undefined
            ? access
            : app === undefined
              ? { action: access.action, sourceMachine: access.sourceMachine, sourceAddress: access.sourceAddress }
              : { ...access, appId: BigInt(app.id) },
      },
      target: app === undefined ? `organisation ${organisation.slug}` : `app ${app.name}`,
      organisationId: organisation.id,
    }
  },

  async run(_scene, { input: { access, appName }, subject, actor }) {
    // Only for tokens of the organisation: others must not find out which organisation an app belongs to.
    if (appName !== undefined && subject.app === undefined) {
      throw new DomainError('forbidden', `the app ${appName} is not one of organization ${subject.organisation.slug}`)
    }
    if (actor.kind !== 'token')
      throw new DomainError('forbidden', 'only org tokens and deploy tokens can be checked here')
    return { ...subject, action: formatAction(access.action), token: describe(actor, subject.organisation) }
  },
}

/** The networks of the organisation stand behind the caveats, as a caveat, because only the service knows from where a token came. */
function describe(
  { record, verified }: Credential & { readonly kind: 'token' },
  { tokenPolicy: { networks } }: Organisation,
): GenuineToken {
  const { macaroon, caveats } = verified
  return {
    id: record.id,
    bytes: macaroon.bytes,
    createdAt: record.createdAt,
    expiresAt: Math.min(record.expiresAt, endOf(macaroon)),
    caveats: networks.length === 0 ? caveats : [...caveats, { type: 'Networks', networks }],
  }
}
