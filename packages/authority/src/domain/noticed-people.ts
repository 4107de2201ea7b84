// Who is told of a token without asking.
import type { ReadTransaction } from './store.ts'
import type { TokenRecord } from './token.ts'

/**
 * The ids of the people: its maker, if they are a member and their address is proven; otherwise the first admins whose
 * addresses are proven. An unproven address may be a stranger's, and a mail names tokens.
 */
export async function findNoticed(
  tx: ReadTransaction,
  { createdBy, organisationId }: Pick<TokenRecord, 'createdBy' | 'organisationId'>,
): Promise<readonly number[]> {
  const maker = createdBy === null ? undefined : await tx.users.byId(createdBy)
  if (maker !== undefined && maker.emailProvenAt !== null) {
    if ((await tx.memberships.find(organisationId, maker.id)) !== undefined) return [maker.id]
  }
  return tx.memberships.provenAdmins(organisationId, mostAdmins)
}

const mostAdmins = 20
