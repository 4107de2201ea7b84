// Whether an answer is what the contract says: what `@hallpass/client/answers` does with the schemas, in a tenth of the bytes.
import type { Asked } from '@hallpass/client'

/**
 * `string`, `number`, `boolean`, `null`, `object`, `any`, `integer`, `date-time`, `uuid`, or `#` and the name of a form; `[form]`
 * is a list; `{'|': forms}` is one of them; `{'=': values}` is one of these values; else an object of these members, of which
 * those with `?` at the end may be missing.
 */
export type Form = string | readonly [Form] | { readonly [name: string]: Form | readonly unknown[] }

export interface AnswerForms {
  readonly named: Readonly<Record<string, Form>>
  /** By the name of the route: the status, and the form of what has a body. */
  readonly routes: Readonly<Record<string, readonly [status: number, form?: Form]>>
}

/** `checkAnswer` says what is wrong, as a predicate; undefined where the answer is right. */
export function createCheck({ named, routes }: AnswerForms) {
  return { checkAnswer }

  function checkAnswer({ name, status }: Pick<Asked, 'name' | 'status'>, answer: unknown): string | undefined {
    const [due, form] = routes[name] ?? []
    return status === due && (form === undefined ? answer === undefined : fits(form, answer))
      ? undefined
      : 'is not what the contract says'
  }

  function fits(form: Form, value: unknown): boolean {
    if (typeof form === 'string') {
      const reference = form.startsWith('#') ? named[form.slice(1)] : undefined
      return reference === undefined ? isA(form, value) : fits(reference, value)
    }
    if (Array.isArray(form)) return Array.isArray(value) && value.every((each) => fits(form[0], each))
    const {
      '|': choices,
      '=': values,
      ...members
    } = form as Record<string, Form> & {
      readonly '|'?: readonly Form[]
      readonly '='?: readonly unknown[]
    }
    if (choices !== undefined) return choices.some((each) => fits(each, value))
    if (values !== undefined) return values.includes(value)
    return (
      isA('object', value) &&
      Object.entries(members).every(([member, each]) => {
        const found: unknown = Reflect.get(value as object, member.replace('?', ''))
        return (found === undefined && member.endsWith('?')) || fits(each, found)
      })
    )
  }
}

function isA(form: string, value: unknown): boolean {
  if (form === 'any') return value !== undefined
  if (form === 'null') return value === null
  if (form === 'integer') return Number.isSafeInteger(value)
  if (form === 'date-time') return isText(value, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/) && !Number.isNaN(Date.parse(value))
  if (form === 'uuid') return isText(value, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i)
  return typeof value === form && value !== null && !Array.isArray(value)
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value)
}
