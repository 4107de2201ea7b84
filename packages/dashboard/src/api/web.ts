// The doors that only a browser uses: they answer with a cookie that no script can read.
import { ApiError, ConnectionError, apiErrorCodes, type User } from '@hallpass/client'
import { parseJson } from '@hallpass/client/json'

export interface Web {
  readonly logIn: (body: { readonly email: string; readonly password: string }) => Promise<User>
  readonly logInWithPasskey: (body: { readonly challenge_id: string; readonly response: unknown }) => Promise<User>
  readonly signUp: (body: {
    readonly email: string
    readonly password: string
    readonly setup_code?: string
    readonly invitation?: string
  }) => Promise<User>
  readonly logOut: () => Promise<void>
}

const patience = 30_000

interface Sent {
  readonly user: User
}

/** @param isUser whether this is a person, as the contract has them */
export function createWeb(fetch: typeof globalThis.fetch, isUser: (value: unknown) => boolean): Web {
  async function send(method: string, path: string, body?: unknown): Promise<Sent> {
    let response: Response
    let text: string
    try {
      response = await fetch(path, {
        method,
        headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        signal: AbortSignal.timeout(patience),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      text = await response.text()
    } catch (cause) {
      const isSlow = cause instanceof Error && cause.name === 'TimeoutError'
      throw new ConnectionError(isSlow ? 'timeout' : 'unreachable', 'no answer', { cause })
    }
    const answer = readObject(text)
    if (response.status === (method === 'DELETE' ? 204 : 201) && (method === 'DELETE' || isUser(answer['user'])))
      return answer as unknown as Sent
    const code = apiErrorCodes.find((each) => each === answer['code'])
    if (code === undefined) throw new ConnectionError('not_an_authority', `it answered ${response.status}`)
    throw new ApiError(code, String(answer['message']), {
      status: response.status,
      requestId: textIn(answer, 'request_id'),
      field: textIn(answer, 'field'),
    })
  }

  return {
    logIn: async (body) => (await send('POST', '/web/session', body)).user,
    logInWithPasskey: async (body) => (await send('POST', '/web/session/passkey', body)).user,
    signUp: async (body) => (await send('POST', '/web/signup', body)).user,
    logOut: async () => void (await send('DELETE', '/web/session')),
  }
}

function readObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = parseJson(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function textIn(answer: Readonly<Record<string, unknown>>, field: string): string | undefined {
  const value = answer[field]
  return typeof value === 'string' ? value : undefined
}
