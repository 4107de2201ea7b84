// user.request_reset: mails a link to whoever owns the address of an account. Who asks is told the same of all addresses.
import { DomainError } from '../../domain/errors.ts'
import { createCode, hashCode, resetLifetimes } from '../../domain/user.ts'
import { networkOf } from '../perform/limits.ts'
import type { Caller, Environment, Inquiry } from '../perform/operation.ts'
import { resetUrl, writeReset } from './reset-mail.ts'

export interface RequestPasswordReset {
  readonly email: string
}

export const requestPasswordReset: Inquiry<RequestPasswordReset, undefined> = {
  name: 'user.request_reset',

  async answer(environment, input, caller) {
    const { mailer, resetLimit, networkResetLimit } = environment
    if (mailer === undefined) {
      throw new DomainError(
        'conflict',
        'this authority sends no mail: whoever runs it makes you a link with `hallpass users reset`',
      )
    }
    const network = networkOf(caller.remoteAddress)
    const retryAfter = networkResetLimit.take(network) || resetLimit.take(input.email)
    if (retryAfter > 0) {
      throw new DomainError('rate_limited', `too many resets: try again in ${retryAfter} seconds`, { retryAfter })
    }
    // After the answer: how long it takes, and how it ends, would tell whether there is such an account.
    setImmediate(() => void sendReset(environment, mailer, input, caller).catch(() => undefined))
    return undefined
  },
}

async function sendReset(
  environment: Environment,
  mailer: NonNullable<Environment['mailer']>,
  { email }: RequestPasswordReset,
  { requestId, remoteAddress }: Caller,
): Promise<void> {
  const now = environment.now()
  const code = createCode(environment.randomBytes)
  const expiresAt = now + resetLifetimes.mail
  if ((await environment.store.read((tx) => tx.users.byEmail(email))) === undefined) return
  const isMade = await environment.store.write(async (tx) => {
    const user = await tx.users.byEmail(email)
    if (user === undefined) return false
    const codeHash = hashCode(code.reveal())
    await tx.passwordResets.insert({ userId: user.id, codeHash, madeBy: 'mail', createdAt: now, expiresAt })
    await tx.audit.append({
      at: now,
      organisationId: null,
      operation: requestPasswordReset.name,
      outcome: 'allowed',
      actor: { kind: 'nobody', id: '', label: remoteAddress },
      target: `user ${email}`,
      reason: '',
      requestId,
    })
    return true
  })
  if (isMade)
    await mailer.send(writeReset({ to: email, url: resetUrl(environment.publicUrl(), code).reveal(), expiresAt }))
}
