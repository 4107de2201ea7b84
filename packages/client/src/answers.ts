// Whether an answer is what the contract says. Separate from the client, because browsers do not need it.
import { answerForms, type Form, type FormType } from './answer-forms.ts'
import type { Asked } from './client.ts'

/**
 * What is wrong with the answer to a request, as a predicate: `has no orgs`. It repeats nothing of the answer.
 * @returns undefined where the answer is right
 */
export function checkAnswer({ name, status }: Asked, answer: unknown): string | undefined {
  const route = answerForms.routes[name]
  if (status !== route.status) return `has the status ${status}, where ${route.status} was due`
  if (route.form === undefined) return answer === undefined ? undefined : 'says something where nothing was due'
  if (answer === undefined) return 'says nothing'
  const wrong = findWrong(route.form, answer, [])
  if (wrong === undefined) return undefined
  if (wrong.path.length === 0) return 'is of another form'
  return `${wrong.isMissing === true ? 'has no' : 'has another form in'} ${wrong.path.join('.')}`
}

interface Wrong {
  readonly path: readonly string[]
  readonly isMissing?: true
}

/** The first place at which the value is not of the form. */
function findWrong(form: Form, value: unknown, path: readonly string[]): Wrong | undefined {
  if (form.$ref !== undefined) {
    const named = answerForms.named[form.$ref.slice('#/$defs/'.length)]
    // An unknown form matches nothing.
    return named === undefined ? { path } : findWrong(named, value, path)
  }
  if (form.anyOf !== undefined) {
    const found = form.anyOf.map((each) => findWrong(each, value, path))
    if (found.includes(undefined)) return undefined
    // If it may also be null, its other alternative says what is wrong.
    const [only, ...others] = found.filter((_, at) => form.anyOf?.[at]?.type !== 'null')
    return only !== undefined && others.length === 0 ? only : { path }
  }
  const types = [form.type ?? []].flat()
  const isOfForm = types.length === 0 || types.some((type) => isOfType(type, value))
  if (!isOfForm || !isWithin(form, value)) return { path }
  return typeof value === 'object' && value !== null ? findWrongPart(form, value, path) : undefined
}

function findWrongPart(form: Form, value: object, path: readonly string[]): Wrong | undefined {
  const { properties = {}, required = [], additionalProperties = {}, items = {} } = form
  const members = new Map<string, unknown>(Object.entries(value))
  for (const name of new Set([...Object.keys(properties), ...members.keys()])) {
    const within = [...path, name]
    const isMissing = !members.has(name)
    if (isMissing && required.includes(name)) return { path: within, isMissing }
    const part = Array.isArray(value)
      ? items
      : Object.hasOwn(properties, name)
        ? properties[name]
        : additionalProperties
    const wrong = isMissing ? undefined : findWrong(part ?? {}, members.get(name), within)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function isOfType(type: FormType, value: unknown): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  if (type === 'integer') return Number.isSafeInteger(value)
  return typeof value === type && (type !== 'number' || Number.isFinite(value))
}

function isWithin(form: Form, value: unknown): boolean {
  if (form.enum !== undefined && !form.enum.includes(value)) return false
  if (typeof value === 'number') return value >= (form.minimum ?? -Infinity) && value <= (form.maximum ?? Infinity)
  return typeof value !== 'string' || form.pattern === undefined || new RegExp(form.pattern).test(value)
}
