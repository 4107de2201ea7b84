// A browser as far as it matters to the authority: it keeps the cookie, and says of itself what browsers say.
import { expect } from 'vitest'

import type { Answer, Ask, Asked } from './http.ts'

export interface Visit {
  /** The Cookie header that it would send; empty without one. */
  cookie(): string
  /** Asks as a script of the authority's own page does. */
  ask(method: string, path: string, asked?: Asked): Promise<Answer>
}

/** What a browser says of a request that a script of our own page makes. */
export const ownPage = { 'sec-fetch-site': 'same-origin' } as const

/** A browser that has our page open. */
export function visit(ask: Ask, headers: Readonly<Record<string, string>> = ownPage): Visit {
  let cookie = ''
  return {
    cookie: () => cookie,
    async ask(method, path, asked = {}) {
      const own = { ...headers, ...(cookie === '' ? {} : { cookie }), ...asked.headers }
      const answer = await ask(method, path, { ...asked, headers: own })
      for (const line of answer.headers.getSetCookie()) {
        const { name, value, maxAge } = readSetCookie(line)
        cookie = maxAge > 0 ? `${name}=${value}` : ''
      }
      return answer
    },
  }
}

/** Logs in on our page. */
export async function visitAs(ask: Ask, person: { readonly email: string; readonly password: string }): Promise<Visit> {
  const browser = visit(ask)
  const { email, password } = person
  const answer = await browser.ask('POST', '/web/session', { body: { email, password } })
  expect(answer.status, answer.text).toBe(201)
  return browser
}

export interface SetCookie {
  readonly name: string
  readonly value: string
  /** Seconds. */
  readonly maxAge: number
  /** The attributes without a value of interest, sorted, in lower case. */
  readonly attributes: readonly string[]
}

export function readSetCookie(line: string): SetCookie {
  const [pair = '', ...attributes] = line.split('; ')
  const [name = '', ...value] = pair.split('=')
  const age = attributes.find((attribute) => attribute.startsWith('Max-Age='))
  return {
    name,
    value: value.join('='),
    maxAge: Number(age?.slice('Max-Age='.length)),
    attributes: attributes
      .filter((attribute) => attribute !== age)
      .map((attribute) => attribute.toLowerCase())
      .sort(),
  }
}
