// The part of `fetch` that the client uses: programs may bring another, because that of Node.js loads slowly.

/** `globalThis.fetch` is one. */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchAnswer>

export interface FetchRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
  /** Redirects are returned, not followed: they could carry a credential to another server. */
  readonly redirect: 'manual'
  readonly credentials?: 'omit'
  readonly referrerPolicy?: 'no-referrer'
}

export interface FetchAnswer extends Pick<Response, 'ok' | 'status'> {
  readonly headers: Pick<Headers, 'get'>
  readonly body: { getReader(): Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel'> } | null
}
