// As much of `fetch` as the client uses: that of Node.js takes longer to load than all else, so programs may bring another.

/** `globalThis.fetch` is one. */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchAnswer>

export interface FetchRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
  /** A redirect is answered, and not followed: it could carry a credential to where it was not meant to go. */
  readonly redirect: 'manual'
  readonly credentials?: 'omit'
  readonly referrerPolicy?: 'no-referrer'
}

export interface FetchAnswer extends Pick<Response, 'ok' | 'status'> {
  readonly headers: Pick<Headers, 'get'>
  readonly body: { getReader(): Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel'> } | null
}
