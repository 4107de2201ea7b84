// Whether an answer is what the contract says. Apart from the client, for browsers do without the schemas.
import type { Asked } from './client.ts'
import { allRoutes, type Route } from './contract.ts'

/**
 * What is wrong with the answer to a request, as a predicate: `has no orgs`. It repeats nothing of the answer.
 * @returns undefined where the answer is right
 */
export function checkAnswer({ name, status }: Asked, answer: unknown): string | undefined {
  const route: Route = allRoutes[name]
  if (status !== route.status) return `has the status ${status}, where ${route.status} was due`
  if (route.answer === undefined) return answer === undefined ? undefined : 'says something where nothing was due'
  const issue = route.answer.safeParse(answer).error?.issues[0]
  if (issue === undefined) return undefined
  if (answer === undefined) return 'says nothing'
  if (issue.path.length === 0) return 'is of another form'
  const field = issue.path.join('.')
  return issue.code === 'invalid_type' && valueAt(answer, issue.path) === undefined
    ? `has no ${field}`
    : `has another form in ${field}`
}

function valueAt(answer: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => Reflect.get(Object(value), key), answer)
}
