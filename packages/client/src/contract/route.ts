// What a route is: data from which the authority's door, its OpenAPI document and its tests are made.
import { z } from 'zod'

import { apiErrorCodes } from '../errors.ts'
import { endpoints, type Endpoints, type OperationName } from './endpoints.ts'

type Schema = z.ZodType

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With `{parameters}`. */
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly tag: 'apps' | 'machines' | 'organisations' | 'tokens' | 'users'
  /** False where no credential is needed. */
  readonly authenticated: boolean
  /**
   * The credential is what a service was sent, in the field `header` of the body, and an auth token is none. The body
   * may come without a content type: Go's machinesapi sends it so.
   */
  readonly credentialInBody?: true
  /** The credential is that of a verifier, and nothing else. */
  readonly byVerifier?: true
  /** A machine that is leased takes it with the header fly-machine-lease-nonce alone. */
  readonly leased?: true
  /** It becomes a WebSocket, and this comes with the header hallpass-command, as base64url of JSON. */
  readonly command?: z.ZodObject
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: Schema
  /** Bytes of the body where they may be more than 64 KiB. */
  readonly bodyLimit?: number
  readonly status: 101 | 200 | 201 | 202 | 204
  /** Absent where the answer has no body. */
  readonly answer?: Schema
}

type Definition = Omit<Route, 'method' | 'path' | 'operationId' | 'tag' | 'authenticated' | 'status'> &
  Partial<Pick<Route, 'authenticated' | 'status'>>

type Completed<Name extends OperationName, D> = Endpoints[Name] extends `${infer Method} ${infer Path}`
  ? { readonly operationId: Name; readonly method: Method; readonly path: Path } & Pick<
      Route,
      'tag' | 'authenticated' | 'status'
    > &
      D
  : never

/**
 * The routes of these names, where the table of endpoints has them. A route needs a credential and answers with 200, or
 * with 204 where it has no body, if its definition does not say otherwise. Keeps the exact types of the schemas.
 */
export function routesOf<const Definitions extends { readonly [Name in OperationName]?: Definition }>(
  tag: Route['tag'],
  definitions: Definitions,
) {
  const routes = Object.entries<Definition>(definitions).map(([name, definition]) => {
    const [method, path] = endpoints[name as OperationName].split(' ')
    const status = definition.answer === undefined ? 204 : 200
    return [name, { method, path, operationId: name, tag, authenticated: true, status, ...definition }]
  })
  return Object.fromEntries(routes) as {
    readonly [Name in keyof Definitions & OperationName]: Completed<Name, Definitions[Name]>
  }
}

/** The one shape of every error; `error` and `status` are the Machines API's own fields. */
export const errorAnswer = z
  .object({
    error: z.string().describe('What went wrong, in the words that clients of the Machines API match.'),
    message: z.string().describe('What went wrong, in a sentence for people.'),
    code: z.enum(apiErrorCodes),
    status: z.string().optional().describe('The code of the Machines API, as name_taken.'),
    field: z.string().optional().describe('The input field that was wrong.'),
    request_id: z.string(),
  })
  .meta({ id: 'Error' })
