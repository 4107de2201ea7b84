// Reads what admits a person without an account: a setup code or an invitation.
import { Secret } from '../../domain/secret.ts'
import type { SignUp } from '../../operations/accounts/sign-up.ts'
import { InvalidInput } from './errors.ts'

/** @throws InvalidInput if there is neither, or both */
export function readAdmission(body: {
  readonly setup_code?: string | undefined
  readonly invitation?: string | undefined
}): SignUp['admission'] {
  const { setup_code, invitation } = body
  if ((setup_code === undefined) === (invitation === undefined)) {
    throw new InvalidInput('a new account needs a setup_code or an invitation, and not both', 'setup_code')
  }
  const kind = setup_code === undefined ? 'invitation' : 'setup_code'
  return { kind, code: new Secret(setup_code ?? invitation ?? '') }
}
