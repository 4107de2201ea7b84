// Denials in the audit trail: written down as long as the trail is no megaphone.
import type { AuditActor, AuditEvent } from '../../domain/audit-event.ts'
import type { DomainError } from '../../domain/errors.ts'
import { StrangerRefused } from './authorise.ts'
import { networkOf, type Limits } from './limits.ts'
import type { Caller, CommittedContext } from './operation.ts'

/**
 * Writes the denial down: so many of a person and of a network, and of all strangers together. `owner` is in whose name it
 * was asked; `namedTarget` is for the organisation's own people.
 */
export async function recordDenial(
  { environment, caller, write }: Pick<CommittedContext, 'environment' | 'caller' | 'write'>,
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
  const told = isStranger ? { actor: withoutName(event.actor) } : { target: namedTarget }
  try {
    await write((tx) => tx.audit.append({ ...event, ...told, outcome: 'denied', reason: error.message }))
  } catch (failure) {
    // The refusal stands.
    environment.report(failure, caller.requestId)
  }
}

function hasRoom(
  { denialLimit, strangerLimit }: Limits,
  { remoteAddress }: Caller,
  asked: { readonly place: string; readonly owner: string; readonly isStranger: boolean; readonly isNobody: boolean },
): boolean {
  const { place, owner, isStranger, isNobody } = asked
  // The organisation's own people are heard whatever strangers do beside them.
  const isOutside = isStranger || isNobody
  return (
    (isNobody || denialLimit.take(`${place}, ${owner}`) === 0) &&
    (!isOutside || denialLimit.take(`${place}, network ${networkOf(remoteAddress)}`) === 0) &&
    (!isStranger || strangerLimit.take(place) === 0)
  )
}

/** By the id alone: what strangers call themselves and their tokens is no text for another organisation's trail. */
function withoutName({ kind, id }: AuditActor): AuditActor {
  return { kind, id, label: `${kind} ${id}` }
}
