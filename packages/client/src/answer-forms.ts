// What each operation answers, as data: the published command line carries it in the place of the schemas, which load slowly.
import { z } from 'zod'

import { allRoutes, type Route } from './contract.ts'
import type { OperationName } from './contract/endpoints.ts'

export type FormType = 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'null'

/** As much of JSON Schema as the contract's answers take. */
export interface Form {
  readonly $ref?: string
  readonly anyOf?: readonly Form[]
  readonly type?: FormType | readonly FormType[]
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: Form
  readonly properties?: Readonly<Record<string, Form>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Form
}

interface AnswerForms {
  /** What a `$ref` names, by `#/$defs/` and this. */
  readonly named: Readonly<Record<string, Form>>
  readonly routes: Readonly<Record<OperationName, { readonly status: number; readonly form?: Form | undefined }>>
}

export const answerForms: AnswerForms = whenAsked(readForms)

/** Made on first use, because a server loads this file and never uses it. */
function whenAsked(read: () => AnswerForms): AnswerForms {
  let made: AnswerForms | undefined
  const forms = () => (made ??= read())
  return {
    get named() {
      return forms().named
    },
    get routes() {
      return forms().routes
    },
  }
}

function readForms(): AnswerForms {
  const named: Record<string, Form> = {}
  const routes = Object.entries<Route>(allRoutes).map(([name, { status, answer }]) => {
    if (answer === undefined) return [name, { status }]
    const { $defs, $schema: _version, ...form } = z.toJSONSchema(answer, { io: 'input', override: strip })
    Object.assign(named, $defs)
    return [name, { status, form }]
  })
  return { named, routes: Object.fromEntries(routes) }
}

/** Keywords that add nothing to the form. */
function strip({ jsonSchema }: { readonly jsonSchema: { description?: string; format?: string } }): void {
  delete jsonSchema.description
  delete jsonSchema.format
}
