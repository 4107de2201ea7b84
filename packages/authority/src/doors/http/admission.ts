// What lets somebody in who has no account yet.
import { Secret } from '../../domain/secret.ts'
import type { SignUp } from '../../operations/accounts/sign-up.ts'
import { InvalidInput } from './errors.ts'

/** @throws InvalidInput where there is none, or more than one */
export function readAdmission(body: {
  readonly setup_code?: string | undefined
  readonly invitation?: string | undefined
}): SignUp['admission'] {
  const { setup_code, invitation } = body
  if ((setup_code === undefined) === (invitation === undefined)) {
    throw new InvalidInput('an account takes a setup_code or an invitation, and one of them', 'setup_code')
  }
  const kind = setup_code === undefined ? 'invitation' : 'setup_code'
  return { kind, code: new Secret(setup_code ?? invitation ?? '') }
}
