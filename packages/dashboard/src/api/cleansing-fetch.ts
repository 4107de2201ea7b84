// What the authority answers, as pages may show it: names from strangers without what is not seen in them.
import { parseJson } from '@hallpass/client/json'
import { cleanse } from '@hallpass/client/visible-text'

/** Asks as `fetch` does; every text in a JSON answer is cleansed, wherever a page shows it. */
export function createCleansingFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (...request) => {
    const response = await fetch(...request)
    if (!(response.headers.get('content-type') ?? '').startsWith('application/json')) return response
    const text = await response.text()
    const { status, statusText, headers } = response
    return new Response(cleanseJson(text), { status, statusText, headers })
  }
}

/** What is no JSON is left for others to complain of. */
function cleanseJson(text: string): string {
  try {
    return JSON.stringify(parseJson(text), (_key, value: unknown) =>
      typeof value === 'string' ? cleanse(value) : value,
    )
  } catch {
    return text
  }
}
