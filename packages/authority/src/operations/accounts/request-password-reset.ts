// user.request_reset: mails a link for a new password to the owner of an address. The answer is the same for all
// addresses.
import { DomainError } from '../../domain/errors.ts'
import { createCode, hashCode, resetLifetimes } from '../../domain/user.ts'
import { networkOf } from '../perform/limits.ts'
import type { OpenRead } from '../perform/operation.ts'
import { resetUrl, writeReset } from './reset-mail.ts'

export interface RequestPasswordReset {
  readonly email: string
}

const whatIsAsked = 'resets'

export const requestPasswordReset: OpenRead<RequestPasswordReset, undefined> = {
  name: 'user.request_reset',
  audience: 'anyone',
  mode: 'read',
  limits: [
    { limit: 'networkResetLimit', by: 'network', what: whatIsAsked },
    { limit: 'resetLimit', by: ({ email }) => email, what: whatIsAsked },
  ],

  async run({ environment }) {
    if (environment.postbox === undefined) {
      throw new DomainError(
        'conflict',
        'this authority sends no mail: its operator can make you a link with `hallpass users reset`',
      )
    }
    return undefined
  },

  async afterAnswer(context, { email }) {
    const { environment, caller, now, read, write } = context
    const code = createCode(environment.randomBytes)
    const expiresAt = now + resetLifetimes.mail
    if ((await read((tx) => tx.users.byEmail(email))) === undefined) return
    if ((await environment.takeReset({ email, network: networkOf(caller.remoteAddress) }, context)) > 0) return
    const url = resetUrl(environment.publicUrl(), code).reveal()
    const posted = await write(async (tx) => {
      const user = await tx.users.byEmail(email)
      if (user === undefined) return undefined
      const codeHash = hashCode(code.reveal())
      await tx.passwordResets.insert({ userId: user.id, codeHash, madeBy: 'mail', createdAt: now, expiresAt })
      await tx.audit.append({
        at: now,
        organisationId: null,
        operation: requestPasswordReset.name,
        outcome: 'allowed',
        actor: { kind: 'nobody', id: '', label: caller.remoteAddress },
        target: `user ${email}`,
        reason: '',
        requestId: caller.requestId,
      })
      const mail = writeReset({ to: email, url, expiresAt })
      return environment.postbox?.post(tx, mail, { requestId: caller.requestId, expiresAt, codeHash })
    })
    await posted?.send()
  },
}
