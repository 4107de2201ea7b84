// Passkeys, as browsers have them: the authority's JSON in, and JSON for it out.

export function hasPasskeys(): boolean {
  return typeof PublicKeyCredential === 'function' && 'parseRequestOptionsFromJSON' in PublicKeyCredential
}

/** @throws PasskeyError where the person thought better of it, or there is none that fits */
export async function askForPasskey(options: PublicKeyCredentialRequestOptionsJSON): Promise<unknown> {
  return answerOf(() =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
  )
}

/** @throws PasskeyError where the person thought better of it, or the device has one already */
export async function makePasskey(options: PublicKeyCredentialCreationOptionsJSON): Promise<unknown> {
  return answerOf(() =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  )
}

/** The browser or the device said no; the message is for people. */
export class PasskeyError extends Error {}

async function answerOf(ask: () => Promise<Credential | null>): Promise<unknown> {
  let credential: Credential | null
  try {
    credential = await ask()
  } catch (cause) {
    const isKnown = cause instanceof Error && cause.name === 'InvalidStateError'
    throw new PasskeyError(
      isKnown
        ? 'This device has a passkey for this account already.'
        : 'No passkey was used: it was called off, or none fits.',
      { cause },
    )
  }
  if (!(credential instanceof PublicKeyCredential)) throw new PasskeyError('The browser gave no passkey.')
  return credential.toJSON()
}
