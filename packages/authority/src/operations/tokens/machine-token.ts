// The own token of a machine: minted when the machine is created or updated, kept sealed, handed out for an hour at a time.
import {
  actions,
  attenuate,
  decodeMacaroon,
  formatAuthorization,
  parseAuthorization,
  type Caveat,
} from '@hallpass/macaroon'

import type { App } from '../../domain/app.ts'
import { DomainError } from '../../domain/errors.ts'
import { kidOfSecret } from '../../domain/key.ts'
import type { Keyring } from '../../domain/keyring.ts'
import type { Machine } from '../../domain/machine.ts'
import type { Organisation } from '../../domain/organisation.ts'
import { Secret } from '../../domain/secret.ts'
import type { ReadTransaction, Transaction } from '../../domain/store.ts'
import { expectSigningKey } from '../../domain/store/signing-keys.ts'
import { leadSeconds, tokenState } from '../../domain/token.ts'
import { handedSeconds, usualLifetime } from '../../domain/token-policy.ts'
import type { OperationContext } from '../perform/operation.ts'
import { describeActor, describeCredential, type Credential } from '../perform/principal.ts'
import { mintUnder, refuseMinting } from './mint-under.ts'

/**
 * Mints the machine's own token, in the place of an earlier one: a deploy token of its app, confined to this machine and to
 * requests from within it. Whoever may create or update the machine may do so: the token carries all caveats of theirs.
 * @throws DomainError `forbidden`, `invalid`, `failed_precondition`, or that of a quota
 */
export async function giveMachineToken(
  context: OperationContext<Transaction>,
  actor: Credential,
  { app, organisation }: { readonly app: App; readonly organisation: Organisation },
  { id }: Pick<Machine, 'id'>,
  asked: readonly Caveat[],
): Promise<void> {
  const { tx, environment, caller, now } = context
  const refusal = refuseMinting(actor, organisation)
  if (refusal !== undefined) throw new DomainError('forbidden', refusal)
  const { token, record } = await mintUnder(context, actor, {
    organisation,
    scope: { profile: 'deploy', appId: app.id },
    appId: app.id,
    machineId: id,
    name: `Machine ${app.name}/${id}`,
    // It ends earlier with the machine, or with the token that minted it.
    lifetime: usualLifetime,
    caveats: [
      { type: 'Machines', machines: new Map([[id, actions.any]]) },
      { type: 'FromMachineSource', id },
      ...asked,
    ],
  })
  const key = await expectSigningKey(tx.signingKeys, organisation.id)
  await endMachineToken(context, actor, { id })
  const { sealed } = environment.keyring.sealSecret(key, placeOf({ id, appId: app.id }), token)
  await tx.machineTokens.set(id, { tokenId: record.id, sealed })
  await tx.audit.append({
    at: now,
    organisationId: organisation.id,
    operation: 'token.mint',
    outcome: 'allowed',
    actor: describeActor(actor),
    target: `token ${record.id}`,
    reason: `for machine ${id}`,
    requestId: caller.requestId,
  })
}

/** Revokes the machine's own token, if it has one. */
export async function endMachineToken(
  { tx, now }: OperationContext<Transaction>,
  actor: Credential,
  { id }: Pick<Machine, 'id'>,
): Promise<void> {
  await tx.machineTokens.end(id, now, `${describeCredential(actor)}, with an update of machine ${id}`)
}

/**
 * The token that the machine gets now, for the next hour; none in it if its own token has ended. Undefined if it has no token
 * of its own.
 * @param now in milliseconds
 */
export async function ownTokenOf(
  tx: ReadTransaction,
  keyring: Keyring,
  machine: Pick<Machine, 'id' | 'appId'>,
  now: number,
): Promise<{ readonly token: Secret | undefined } | undefined> {
  const kept = await tx.machineTokens.of(machine.id)
  if (kept === undefined) return undefined
  const record = await tx.tokens.byId(kept.tokenId)
  if (record === undefined || tokenState(record, now) !== 'live') return { token: undefined }
  const key = await tx.signingKeys.byKid(kidOfSecret(kept.sealed))
  const whole = key && keyring.openSecret(key, placeOf(machine), kept.sealed)
  const [bytes] = whole === undefined ? [] : parseAuthorization(whole.reveal()).macaroons
  if (bytes === undefined) throw new Error(`the token of machine ${machine.id} cannot be opened`)
  const second = BigInt(Math.floor(now / 1000))
  const validity = { notBefore: second - BigInt(leadSeconds), notAfter: second + BigInt(handedSeconds) }
  const handed = attenuate(decodeMacaroon(bytes), [{ type: 'ValidityWindow', ...validity }])
  return { token: new Secret(formatAuthorization([handed.bytes])) }
}

/** The name has blanks, so it is never that of an app's secret. */
function placeOf({ id, appId }: Pick<Machine, 'id' | 'appId'>) {
  return { appId, name: `token of machine ${id}` }
}
