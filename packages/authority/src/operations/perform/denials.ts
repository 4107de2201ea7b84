// Records denials in the audit trail, a limited number of them, so that strangers cannot flood it.
import type { AuditActor, AuditEvent } from '../../domain/audit-event.ts'
import type { DomainError } from '../../domain/errors.ts'
import { StrangerRefused } from './authorise.ts'
import { networkOf, type Limits } from './limits.ts'
import type { Caller, AsideContext } from './operation.ts'

/**
 * Records the denial, up to a limit for each person, for each network, and for all strangers together. `owner` is the
 * person in whose name it was asked. `namedTarget` is only for members of the organisation.
 */
export async function recordDenial(
  { environment, caller, write }: Pick<AsideContext, 'environment' | 'caller' | 'write'>,
  event: AuditEvent,
  {
    owner,
    error,
    namedTarget = event.target,
  }: { readonly owner: string; readonly error: DomainError; readonly namedTarget?: string | undefined },
): Promise<void> {
  const isStranger = error instanceof StrangerRefused
  const isNobody = event.actor.kind === 'nobody'
  const place = `organisation ${event.organisationId ?? 'none'}`
  if (!hasRoom(environment, caller, { place, owner, isStranger, isNobody })) return
  const details = isStranger ? { actor: withoutName(event.actor) } : { target: namedTarget }
  try {
    await write((tx) => tx.audit.append({ ...event, ...details, outcome: 'denied', reason: error.message }))
  } catch (failure) {
    // The refusal stands, even if recording it fails.
    environment.report(failure, caller.requestId)
  }
}

function hasRoom(
  { denialLimit, strangerLimit }: Limits,
  { remoteAddress }: Caller,
  asked: { readonly place: string; readonly owner: string; readonly isStranger: boolean; readonly isNobody: boolean },
): boolean {
  const { place, owner, isStranger, isNobody } = asked
  // Members of the organisation are recorded whatever strangers do.
  const isOutside = isStranger || isNobody
  return (
    (isNobody || denialLimit.take(`${place}, ${owner}`) === 0) &&
    (!isOutside || denialLimit.take(`${place}, network ${networkOf(remoteAddress)}`) === 0) &&
    (!isStranger || strangerLimit.take(place) === 0)
  )
}

/** By id only: what strangers call themselves, their tokens and their runs does not belong in another organisation's trail. */
function withoutName({ kind, id }: AuditActor): AuditActor {
  return { kind, id, label: `${kind} ${id}` }
}
