// Encodes discharge requests as the contract's JSON.
import type { DischargeRequest } from '@hallpass/client'

import type { ShownRequest } from '../../operations/discharges/answer-discharge-request.ts'
import { encodeInstant } from './encode.ts'

export function encodeDischargeRequest({ request, record, organisation, seconds }: ShownRequest): DischargeRequest {
  return {
    state: request.state,
    org_slug: organisation.slug,
    org_name: organisation.name,
    token: { id: record.id, name: record.name, profile: record.profile },
    requested_from: request.requestedFrom,
    created_at: encodeInstant(request.createdAt),
    expires_at: encodeInstant(request.expiresAt),
    discharge_expires_in: seconds,
  }
}
