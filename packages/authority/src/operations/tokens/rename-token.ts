// token.rename: gives a token another name, for people; what it may do stays as it is.
import { actions } from '@hallpass/macaroon'

import type { WriteOperation } from '../perform/operation.ts'
import { accessToken, type FoundToken } from './find-token.ts'

export const renameToken: WriteOperation<{ readonly id: string; readonly name: string }, FoundToken, FoundToken> = {
  name: 'token.rename',
  mode: 'write',

  async access(context, { id }) {
    const request = await accessToken(context, id, actions.write)
    if (request.requirement.kind !== 'access') return request
    // It may end itself, but what people know it by is theirs.
    const { exempt: _exempt, ...requirement } = request.requirement
    return { ...request, requirement }
  },

  async run({ tx }, { input: { name }, subject }) {
    await tx.tokens.rename(subject.record.id, name)
    return { ...subject, record: { ...subject.record, name } }
  },

  auditDetails: ({ record, organisation }) => ({
    target: `token ${record.id}`,
    organisationId: organisation.id,
    reason: `to ${record.name}`,
  }),
}
