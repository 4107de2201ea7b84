// What the authority answers, as pages may show it: names from strangers without what is not seen in them.
import { parseJson } from '@hallpass/client/json'
import { cleanse } from '@hallpass/client/visible-text'

/** Asks as `fetch` does; every text in a JSON answer is cleansed, whatever its content type says: a client may read it anyway. */
export function createCleansingFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (...request) => {
    const response = await fetch(...request)
    const cleansed = cleanseJson(await response.clone().text())
    const { status, statusText, headers } = response
    return cleansed === undefined ? response : new Response(cleansed, { status, statusText, headers })
  }
}

/** What colours text in a terminal, and would leave half of itself behind: its first character alone is not seen. */
const terminalCommand = /\p{Cc}\[[\d;?]*[a-z]/giu

/** Undefined for text that is not JSON. */
function cleanseJson(text: string): string | undefined {
  try {
    return JSON.stringify(parseJson(text), (_key, value: unknown) =>
      typeof value === 'string' ? cleanse(value.replace(terminalCommand, '')) : value,
    )
  } catch {
    return undefined
  }
}
