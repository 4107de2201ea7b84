// Why a stream of the feed is over.

export class FeedError extends Error {
  override readonly name = 'FeedError'
  readonly code:
    | 'ended' // by the authority, or on the way
    | 'broken' // what came is not proven, or not what an authority says
    | 'stalled' // nothing came for too long
    | 'unavailable' // the authority does not answer, or asks to come later
    | 'refused' // this is no credential of a verifier, or it was revoked
  /** Milliseconds to wait at least, if the authority said so. */
  readonly wait: number

  constructor(code: FeedError['code'], message: string, options: ErrorOptions & { readonly wait?: number } = {}) {
    super(message, options)
    this.code = code
    this.wait = options.wait ?? 0
  }
}
