/** The one error that this package throws on purpose, and every code it can carry. */

export class MacaroonError extends Error {
  override readonly name = 'MacaroonError'
  /** What went wrong, for programs; the message says it for people and never holds a token, a key or a part of one. */
  readonly code: MacaroonErrorCode

  constructor(code: MacaroonErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** What forbids nothing would allow everything. */
export function nothingForbids(): MacaroonError {
  return new MacaroonError('no-caveats', 'No caveat forbids anything, which would allow everything')
}

export type MacaroonErrorCode =
  | TextErrorCode
  | WireErrorCode
  | CaveatErrorCode
  | VerifyErrorCode
  /** The arguments of a call make no sense: a key of the wrong length, no access at all. */
  | 'bad-argument'

/** Why the text of an Authorization header was refused. Such a token is damaged; nothing was decided about it. */
type TextErrorCode =
  /** No token at all, an empty list element, or a prefix with nothing behind it. */
  | 'empty'
  /** An element that starts with none of fm2_, fm1r_, fm1a_ and fo1_. */
  | 'unknown-prefix'
  /** A character that standard base64 does not have, or base64 that is not in its one canonical spelling. */
  | 'bad-base64'
  /** The end is missing: the base64 has a length that is not a multiple of four. */
  | 'truncated'
  /** Two tokens run together in one element. */
  | 'missing-comma'
  | 'too-long'
  | 'too-many'

/** Why bytes or values were refused as a macaroon. Such a token is damaged; nothing was decided about it. */
type WireErrorCode =
  /** The end is missing: less is there than is announced. */
  | 'truncated'
  /** Not the MessagePack that a macaroon consists of. */
  | 'malformed'
  /** A second spelling of a value that has a shorter or sorted one; Go would hash other bytes than these. */
  | 'not-canonical'
  | 'too-deep'
  | 'too-long'
  | 'too-many'

/** Why a caveat, an action or their JSON was refused. */
type CaveatErrorCode =
  | 'bad-json'
  | 'bad-caveat'
  | 'bad-action'
  /** No Organization caveat, so nothing says what the caveats are about. */
  | 'no-organization'
  /** Organization caveats that contradict each other. */
  | 'conflicting-organizations'

/** Why a macaroon is not genuine, or may not be changed so. */
type VerifyErrorCode =
  /** The tail is not what this key makes of these caveats. */
  | 'forged'
  /** A third-party caveat without its discharge. */
  | 'undischarged'
  /** A discharge came for the ticket, and it is not genuine, not for this macaroon, or asks for others in turn. */
  | 'bad-discharge'
  /** A ticket that was not sealed with this key, or was changed. */
  | 'bad-ticket'
  /** In a bundle: nobody has the key that the macaroon names. */
  | 'unknown-key'
  /** Bound to a parent token that was not presented with it. */
  | 'bound-elsewhere'
  /** No caveats at all: such a macaroon would allow everything. */
  | 'no-caveats'
  /** An attestation in a macaroon that its holder could have written into. */
  | 'attestation'
  /** A finished proof takes no more caveats. */
  | 'finished-proof'
  /** A third-party caveat that cannot be added: as it is, or a second one for its location. */
  | 'third-party'
