// Checks what authenticators answer (WebAuthn §7.1 and §7.2), but for the challenge, which the store knows.
import { parseJson } from '@hallpass/client/json'

import { passkeyAlgorithms, type PasskeyRefused, type PasskeyVerifier, type RelyingParty } from '../domain/passkey.ts'

export function createPasskeyVerifier(): PasskeyVerifier {
  return {
    async verifyCreation(answer, party) {
      const { verifyRegistrationResponse } = await load()
      const { id, clientDataJson, attestationObject, transports } = answer
      return refuseOnThrow(async () => {
        if (!(await isWithoutAuthority(attestationObject)))
          throw new Error('its maker vouches for it, and nothing is asked of makers')
        const challenge = readChallenge(clientDataJson)
        const { registrationInfo } = await verifyRegistrationResponse({
          response: {
            ...envelope(id),
            response: { clientDataJSON: clientDataJson, attestationObject, transports: [...transports] },
          },
          ...expectations(party, challenge),
          supportedAlgorithmIDs: [...passkeyAlgorithms],
        })
        if (registrationInfo === undefined) throw new Error('the signature of the attestation is wrong')
        const { credential } = registrationInfo
        // The browser says which one it made; what counts is which one was signed for.
        if (credential.id !== id) throw new Error('another passkey was signed for than the browser says')
        return {
          challenge,
          signCount: credential.counter,
          credentialId: Buffer.from(credential.id, 'base64url'),
          publicKey: credential.publicKey,
        }
      })
    },

    async verifyAssertion(answer, party, passkey) {
      const { verifyAuthenticationResponse } = await load()
      const { id, clientDataJson, authenticatorData, signature } = answer
      return refuseOnThrow(async () => {
        const challenge = readChallenge(clientDataJson)
        const { verified, authenticationInfo } = await verifyAuthenticationResponse({
          response: { ...envelope(id), response: { clientDataJSON: clientDataJson, authenticatorData, signature } },
          ...expectations(party, challenge),
          credential: {
            id: Buffer.from(passkey.credentialId).toString('base64url'),
            publicKey: new Uint8Array(passkey.publicKey),
            counter: passkey.signCount,
          },
        })
        if (!verified) throw new Error('the signature is wrong')
        return { challenge, signCount: authenticationInfo.newCounter }
      })
    },
  }
}

function load() {
  // Loaded when the first passkey comes: it brings the certificates of all makers along.
  return import('@simplewebauthn/server')
}

function envelope(id: string) {
  return { id, rawId: id, type: 'public-key', clientExtensionResults: {} } as const
}

/** A passkey that says who used it is welcome; one that does not is still something that only its owner has. */
function expectations({ id, origin }: RelyingParty, challenge: string) {
  return {
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: id,
    requireUserVerification: false,
  }
}

/**
 * Nothing is asked of makers, so nothing of theirs is read: their statements bring certificates, whose check would go
 * out to addresses that stand in them. Authenticators that vouch for themselves alone are as good as none that do.
 */
async function isWithoutAuthority(attestationObject: string): Promise<boolean> {
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers')
  const decoded = decodeAttestationObject(new Uint8Array(Buffer.from(attestationObject, 'base64url')))
  const format = decoded.get('fmt')
  return format === 'none' || (format === 'packed' && decoded.get('attStmt').get('x5c') === undefined)
}

/** @throws where it is not the client data of a page of our own, outside of any frame of another */
function readChallenge(clientDataJson: string): string {
  const clientData: unknown = parseJson(Buffer.from(clientDataJson, 'base64url').toString())
  if (typeof clientData !== 'object' || clientData === null) throw new TypeError('the client data is no object')
  if ('crossOrigin' in clientData && clientData.crossOrigin !== false) throw new TypeError('a frame of another page')
  if (!('challenge' in clientData) || typeof clientData.challenge !== 'string') throw new TypeError('no challenge')
  return clientData.challenge
}

/** What the library throws says what is wrong, in words that repeat what was sent: to whoever sent it, it is no more than wrong. */
async function refuseOnThrow<T>(verify: () => Promise<T>): Promise<T | PasskeyRefused> {
  try {
    return await verify()
  } catch (error) {
    return { refused: error instanceof Error ? error : new Error(String(error)) }
  }
}
