// Answers of the authority as pages may show them: without invisible characters in names from strangers.
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

/** Terminal colour codes: only their first character is invisible, so the rest would stay. */
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
