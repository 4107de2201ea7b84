// The browser's passkeys: takes the authority's JSON, and returns JSON for it.
import { PlainError } from '../ui/failure-words.ts'

export function hasPasskeys(): boolean {
  return typeof PublicKeyCredential === 'function' && 'parseRequestOptionsFromJSON' in PublicKeyCredential
}

/** @throws PlainError if the person cancels, or no passkey fits */
export function askForPasskey(options: PublicKeyCredentialRequestOptionsJSON) {
  return answerOf<AuthenticationResponseJSON>(() =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
  )
}

/** @throws PlainError if the person cancels, or the device already has one */
export function makePasskey(options: PublicKeyCredentialCreationOptionsJSON) {
  return answerOf<RegistrationResponseJSON>(() =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  )
}

async function answerOf<Answer>(ask: () => Promise<Credential | null>): Promise<Answer> {
  let credential: Credential | null
  try {
    credential = await ask()
  } catch (cause) {
    const isKnown = cause instanceof Error && cause.name === 'InvalidStateError'
    throw new PlainError(
      isKnown
        ? 'This device already has a passkey for this account.'
        : 'No passkey was used: you cancelled, or no passkey matches.',
      { cause },
    )
  }
  if (!(credential instanceof PublicKeyCredential)) throw new PlainError('The browser gave no passkey.')
  return credential.toJSON() as Answer
}
