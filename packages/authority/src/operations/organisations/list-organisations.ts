// organisation.list: the organisations that the caller reaches; a token reaches its own.
import { DomainError } from '../../domain/errors.ts'
import type { Organisation, Role } from '../../domain/organisation.ts'
import type { Page } from '../../domain/page.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { nameKey } from '../../domain/token.ts'
import type { OperationContext, ReadOperation } from '../perform/operation.ts'

export interface ReachedOrganisation {
  readonly organisation: Organisation
  /** Null if a token reaches it. */
  readonly role: Role | null
  /** Whether it is the caller's own personal organisation. */
  readonly own: boolean
}

const access: ReadOperation<unknown, undefined, unknown>['access'] = async () => ({
  subject: undefined,
  requirement: { kind: 'credential' },
  target: 'organisations',
  organisationId: null,
})

export const listOrganisations: ReadOperation<undefined, undefined, readonly ReachedOrganisation[]> = {
  name: 'organisation.list',
  mode: 'read',
  access,
  run: (context) => reach(context),
}

export interface FindOrganisations {
  /** Part of the name or the slug, in any case; empty for all. */
  readonly search: string
  /** Undefined for all. */
  readonly limit: number | undefined
  /** The id of the last one of the page before. */
  readonly after: number | undefined
}

/** As above, those that are searched for, a page at a time: it reads the memberships of one person. */
export const findOrganisations: ReadOperation<FindOrganisations, undefined, Page<ReachedOrganisation, number>> = {
  name: 'organisation.list',
  mode: 'read',
  access,

  async run(context, { input: { search, limit, after } }) {
    const reached = await reach(context)
    const place = after === undefined ? -1 : reached.findIndex(({ organisation }) => organisation.id === after)
    if (after !== undefined && place === -1) {
      throw new DomainError('invalid', 'cursor is not one of this list', { field: 'cursor' })
    }
    const part = nameKey(search)
    const found = reached
      .slice(place + 1)
      .filter(({ organisation }) => nameKey(organisation.name).includes(part) || organisation.slug.includes(part))
    const items = found.slice(0, limit)
    const last = items.at(-1)
    return found.length > items.length && last !== undefined ? { items, next: last.organisation.id } : { items }
  },
}

async function reach({ tx, principal }: OperationContext<ReadTransaction>): Promise<readonly ReachedOrganisation[]> {
  const reached = new Map<number, ReachedOrganisation>()
  for (const credential of principal.credentials) {
    if (credential.kind === 'user') {
      for (const { organisation, role } of await tx.organisations.ofUser(credential.user.id)) {
        reached.set(organisation.id, { organisation, role, own: organisation.personalOf === credential.user.id })
      }
    } else if (!reached.has(credential.record.organisationId)) {
      const organisation = await tx.organisations.byId(credential.record.organisationId)
      if (organisation !== undefined) reached.set(organisation.id, { organisation, role: null, own: false })
    }
  }
  return [...reached.values()]
}
