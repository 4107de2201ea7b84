// Forms of OAuth clients.
import { InvalidInput } from '../http/errors.ts'

const mostParameters = 20

export const noForm = 'the body is no form: send it with "content-type: application/x-www-form-urlencoded"'

/** RFC 6749 §3.2: no parameter twice; an empty one counts as left out. */
export function readForm(body: unknown): Readonly<Record<string, string>> {
  if (typeof body !== 'string') {
    throw new InvalidInput(noForm)
  }
  const form = [...new URLSearchParams(body)]
  if (form.length > mostParameters) throw new InvalidInput(`the form has more than ${mostParameters} parameters`)
  if (new Set(form.map(([name]) => name)).size < form.length) throw new InvalidInput('the form has a parameter twice')
  return Object.fromEntries(form.filter(([, value]) => value !== ''))
}
