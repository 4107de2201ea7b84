// token.authenticate and token.authorise: what a service asks about the tokens that it was sent. Their holder asks.
import { formatAction, type Access, type Caveat } from '@hallpass/macaroon'

import type { App } from '../../domain/app.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Organisation } from '../../domain/organisation.ts'
import { findApp } from '../apps/find-app.ts'
import { findOrganisation } from '../organisations/find-organisation.ts'
import type { ReadOperation } from '../perform/operation.ts'
import type { Credential } from '../perform/principal.ts'

/** A token that counts now. */
export interface GenuineToken {
  /** As it was presented. */
  readonly bytes: Uint8Array
  /** What an access must be held against: its own caveats, and those of its discharges. */
  readonly caveats: readonly Caveat[]
}

export const authenticateTokens: ReadOperation<undefined, undefined, readonly GenuineToken[]> = {
  name: 'token.authenticate',
  mode: 'read',

  async access() {
    return { subject: undefined, requirement: { kind: 'credential' }, target: 'tokens', organisationId: null }
  },

  async run({ principal }) {
    return principal.credentials.flatMap((credential) => (credential.kind === 'token' ? [describe(credential)] : []))
  },
}

/** An access by the names that people use. */
export interface NamedAccess {
  /** Absent where the app alone says which organisation is meant. */
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

  async access(context, { slug, appName, access }) {
    const found = appName === undefined ? undefined : await findApp(context, appName)
    const organisation = slug === undefined ? found?.organisation : await findOrganisation(context, slug)
    if (organisation === undefined) throw new DomainError('invalid', 'an organization or an app is needed')
    const app = found?.organisation.id === organisation.id ? found.app : undefined
    return {
      subject: { organisation, app },
      requirement: {
        kind: 'access',
        organisation,
        access:
          found === undefined
            ? access
            : app === undefined
              ? { action: access.action }
              : { ...access, appId: BigInt(app.id) },
      },
      target: app === undefined ? `organisation ${organisation.slug}` : `app ${app.name}`,
      organisationId: organisation.id,
    }
  },

  async run(_scene, { input: { access, appName }, subject, actor }) {
    // Told to a token of the organisation alone: it is not for others to find out whose an app is.
    if (appName !== undefined && subject.app === undefined) {
      throw new DomainError('forbidden', `the app ${appName} is not one of organization ${subject.organisation.slug}`)
    }
    if (actor.kind !== 'token') throw new DomainError('forbidden', 'only a token answers for what a service was sent')
    return { ...subject, action: formatAction(access.action), token: describe(actor) }
  },
}

function describe({ verified }: Credential & { readonly kind: 'token' }): GenuineToken {
  return { bytes: verified.macaroon.bytes, caveats: verified.caveats }
}
