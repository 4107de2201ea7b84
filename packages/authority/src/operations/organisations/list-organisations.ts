// organisation.list: the organisations that the caller reaches; a token reaches its own.
import type { Organisation, Role } from '../../domain/organisation.ts'
import type { ReadOperation } from '../perform/operation.ts'

export interface ReachedOrganisation {
  readonly organisation: Organisation
  /** Null if a token reaches it. */
  readonly role: Role | null
  /** Whether it is the caller's own personal organisation. */
  readonly own: boolean
}

export const listOrganisations: ReadOperation<undefined, undefined, readonly ReachedOrganisation[]> = {
  name: 'organisation.list',
  mode: 'read',

  async access() {
    return { subject: undefined, requirement: { kind: 'credential' }, target: 'organisations', organisationId: null }
  },

  async run({ tx, principal }) {
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
  },
}
