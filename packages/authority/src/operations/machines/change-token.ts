// Gives a machine a token of its own, as its configuration asks, or takes it away.
import { encodeCaveats } from '@hallpass/macaroon/internal'

import { DomainError } from '../../domain/errors.ts'
import { readTokenCaveats, type MachineConfig } from '../../domain/machine-config.ts'
import type { Machine } from '../../domain/machine.ts'
import type { Transaction } from '../../domain/store.ts'
import type { FoundApp } from '../apps/find-app.ts'
import type { OperationContext, AsideContext } from '../perform/operation.ts'
import type { Credential } from '../perform/principal.ts'
import { endMachineToken, giveMachineToken } from '../tokens/machine-token.ts'

interface ConfiguredMachine {
  readonly config: MachineConfig
}

/** Why machines get no token of their own here; undefined if they do, or none is wanted. */
export type TokenTrouble = string | undefined

/** Asks before the transaction, because the engine may have to answer. */
export async function findTokenTrouble(
  { environment }: AsideContext,
  { config }: ConfiguredMachine,
): Promise<TokenTrouble> {
  return config.token === undefined ? undefined : environment.machines?.tokenTrouble()
}

/**
 * If the configuration asks for the same caveats as before, the token stays, whoever updates the machine. It keeps the
 * authority of its minter, and if it was revoked, it stays revoked.
 * @throws DomainError
 */
export async function changeToken(
  context: OperationContext<Transaction>,
  actor: Credential,
  subject: FoundApp,
  machine: Machine,
  { config: next }: ConfiguredMachine,
  trouble: TokenTrouble,
  before?: MachineConfig,
): Promise<void> {
  const [wanted, had] = [readTokenCaveats(next), before && readTokenCaveats(before)]
  if (wanted === undefined) {
    if (had !== undefined) await endMachineToken(context, actor, machine)
    return
  }
  if (trouble !== undefined) {
    const sentence = `failed_precondition: machines get no token of their own here: ${trouble}`
    throw new DomainError('failed_precondition', sentence, { field: 'config.token' })
  }
  if (had !== undefined && Buffer.compare(encodeCaveats(wanted), encodeCaveats(had)) === 0) return
  await giveMachineToken(context, actor, subject, machine, wanted)
}
