// An authority for guards in this process: it finds every token good, and nothing ever happens.
import { createHash, createHmac } from 'node:crypto'

import type { GuardOptions } from '@hallpass/guard'
import { decodeMacaroon, parseAuthorization, tokenId } from '@hallpass/macaroon'

/** What a guard needs to be made. */
export const guardOptions: GuardOptions = {
  authority: 'http://authority.invalid',
  credential: `fv1_${'b'.repeat(43)}`,
  fetch: (url, { body }) => Promise.resolve(body === undefined ? follow(new URL(url)) : verify(body)),
}

/** The organization and the app of every name. */
const organizationId = 1_234_567
const appId = 4_242_424

function verify(body: string): Response {
  const { nonce, headers, names } = JSON.parse(body) as {
    readonly nonce: string
    readonly headers: readonly { readonly header: string }[]
    readonly names: readonly { readonly app_name?: string }[]
  }
  return Response.json({
    nonce,
    after: '1.a',
    now: new Date().toISOString(),
    answers: headers.map(({ header }) => ({ tokens: parseAuthorization(header).macaroons.map(describe) })),
    names: names.map(({ app_name: app }) => ({ organization: organizationId, app: app === undefined ? null : appId })),
  })
}

function describe(bytes: Uint8Array) {
  return {
    permission_token: Buffer.from(bytes).toString('base64'),
    discharges: [],
    id: tokenId(decodeMacaroon(bytes).nonce),
    organization: { id: organizationId, slug: 'acme' },
    app: null,
    person: 4,
    line: [],
    expires_at: new Date(Date.now() + 365 * 86_400_000).toISOString(),
    networks: [],
  }
}

/** A stream without events. */
function follow({ searchParams }: URL): Response {
  const secret = createHash('sha256').update(guardOptions.credential).digest()
  const key = createHmac('sha256', secret)
    .update(`feed ${searchParams.get('nonce') ?? ''}`)
    .digest()
  const begun = performance.now()
  let count = 0
  let timer: NodeJS.Timeout | undefined
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const beat = () => {
        const data = JSON.stringify({ as_of: Math.floor(performance.now() - begun) })
        const mac = createHmac('sha256', key).update(`${count++}\n1.a\n${data}`).digest('base64url')
        controller.enqueue(Buffer.from(`id: 1.a\nmac: ${mac}\ndata: ${data}\n\n`))
      }
      beat()
      timer = setInterval(beat, 500).unref()
    },
    cancel: () => clearInterval(timer),
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}
