// Checks the answers of authenticators (WebAuthn §7.1 and §7.2), except the challenge, which the store knows.
import { parseJson } from '@hallpass/client/json'

import { passkeyAlgorithms, type PasskeyRefused, type PasskeyVerifier, type RelyingParty } from '../domain/passkey.ts'

export function createPasskeyVerifier(): PasskeyVerifier {
  return {
    async verifyCreation(answer, party) {
      const { verifyRegistrationResponse } = await load()
      const { id, clientDataJson, attestationObject, transports } = answer
      return refuseOnThrow(async () => {
        if (!(await isWithoutAuthority(attestationObject)))
          throw new Error('it has an attestation by its vendor, which is not accepted')
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
        // The browser says which passkey it made; the signed id counts.
        if (credential.id !== id) throw new Error('the signed passkey id differs from the id that the browser sent')
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
  // Loaded with the first passkey, because it contains the certificates of all vendors.
  return import('@simplewebauthn/server')
}

function envelope(id: string) {
  return { id, rawId: id, type: 'public-key', clientExtensionResults: {} } as const
}

/** User verification is welcome but not required: a passkey without it is still something that only its owner has. */
function expectations({ id, origin }: RelyingParty, challenge: string) {
  return {
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: id,
    requireUserVerification: false,
  }
}

/**
 * We ask for no attestation, so we read none: its certificates would make the check fetch addresses that are written in
 * them. Self attestation is worth as much as none.
 */
async function isWithoutAuthority(attestationObject: string): Promise<boolean> {
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers')
  const decoded = decodeAttestationObject(new Uint8Array(Buffer.from(attestationObject, 'base64url')))
  const format = decoded.get('fmt')
  return format === 'none' || (format === 'packed' && decoded.get('attStmt').get('x5c') === undefined)
}

/** @throws if it is not the client data of one of our pages, or comes from a frame in a foreign page */
function readChallenge(clientDataJson: string): string {
  const clientData: unknown = parseJson(Buffer.from(clientDataJson, 'base64url').toString())
  if (typeof clientData !== 'object' || clientData === null) throw new TypeError('the client data is not an object')
  if ('crossOrigin' in clientData && clientData.crossOrigin !== false) throw new TypeError('a frame of another page')
  if (!('challenge' in clientData) || typeof clientData.challenge !== 'string') throw new TypeError('no challenge')
  return clientData.challenge
}

/** The library's errors repeat what was sent. They are for the log; the sender learns only that the answer is wrong. */
async function refuseOnThrow<T>(verify: () => Promise<T>): Promise<T | PasskeyRefused> {
  try {
    return await verify()
  } catch (error) {
    return { refused: error instanceof Error ? error : new Error(String(error)) }
  }
}
