// Answers GraphQL: measures and checks a query, runs operations for its fields, and always answers with status 200, because
// clients of the original look for errors in the answer and ignore the text of any other status.
import {
  Kind,
  NoSchemaIntrospectionCustomRule,
  defaultFieldResolver,
  execute,
  parse as parseDocument,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLFieldResolver,
  type GraphQLSchema,
} from 'graphql'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'

import { WeightedCache } from '@hallpass/guard/weighted-cache'

import type { Authenticate } from '../../operations/perform/authenticate.ts'
import type { Environment } from '../../operations/perform/operation.ts'
import { hasLeft, setRetryAfter } from '../http/errors.ts'
import { openExchange } from '../http/exchange.ts'
import type { AuthenticatedFirst } from '../http/authenticate-first.ts'
import { answerInTurn } from '../http/long-answers.ts'
import { parse } from '../http/parse.ts'
import { print } from '../http/pieces.ts'
import { tellEnd } from '../http/tell-end.ts'
import { createContext, type Context } from './context.ts'
import { formatErrors } from './errors.ts'
import { checkSize, limits } from './limits.ts'
import { mutations } from './mutations.ts'
import { queries } from './queries.ts'
import { createSchema } from './schema.ts'
import { checkServed } from './served.ts'

export interface GraphqlDoor {
  readonly environment: Environment
  readonly authenticate: Authenticate
  /** Logs unexpected errors with the id of the request. */
  readonly report: (error: unknown, requestId: string) => void
}

/** Clients send more fields, which are ignored. */
const requestBody = z.object({
  query: z.string().min(1),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().max(256).nullish(),
})
type Asked = z.output<typeof requestBody>

const bytesOfDocuments = 4 * 1024 * 1024

const rules = [...specifiedRules, NoSchemaIntrospectionCustomRule]

/** What answers a query, and an error before there is one. */
export function createAnswering({ environment, report }: GraphqlDoor, presentedBy: AuthenticatedFirst['presentedBy']) {
  const schema = createSchema()
  // Clients send the same few texts, and reading one takes longer than answering it.
  const documents = new WeightedCache<DocumentNode>(bytesOfDocuments)

  async function answerQuery(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const asked = parse(requestBody, request.body, 'the body')
    const document = documents.get(asked.query) ?? remember(asked.query, readDocument(schema, asked))
    const presented = presentedBy(request)
    async function make(waited = 0): Promise<void> {
      const context = createContext(openExchange(environment, presented, request, waited), environment.pause)
      const { data, errors } = await answer(document, asked, context).catch((error: unknown) => {
        throw context.signal.aborted ? context.signal.reason : error
      })
      const whole = errors === undefined ? { data } : { ...refuse(errors, request, reply), data: data ?? null }
      tellEnd(request, reply)
      void reply.type('application/json; charset=utf-8').send(await print(whole, environment.pause))
    }
    // A mutation has a short answer, and may wait long for others.
    if (!isMutation(document)) return answerInTurn(environment.longAnswers, request, reply, make)
    await make()
    return reply
  }

  function remember(query: string, document: DocumentNode): DocumentNode {
    // With a value in it, a text comes once, and the value may be a secret.
    if (query.includes('"')) return document
    documents.set(query, document, 500 + 2 * query.length + 450 * (document.tokenCount ?? limits.tokens))
    return document
  }

  function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    if (hasLeft(request)) return
    tellEnd(request, reply)
    const errors = error instanceof QueryRefused ? error.errors : [error]
    void reply.code(200).send({ ...refuse(errors, request, reply), data: null })
  }

  async function answer(document: DocumentNode, { variables, operationName }: Asked, context: Context) {
    return execute({
      schema,
      document,
      rootValue: { ...queries, ...mutations },
      contextValue: context,
      fieldResolver: countField,
      abortSignal: context.signal,
      variableValues: variables ?? {},
      operationName: operationName || null,
      hideSuggestions: true,
    })
  }

  function refuse(errors: readonly unknown[], request: FastifyRequest, reply: FastifyReply) {
    const { errors: formatted, causes, unforeseen } = formatErrors(errors, request)
    setRetryAfter(causes, reply)
    for (const error of unforeseen) report(error, request.id)
    return { errors: formatted }
  }

  return { answerQuery, answerError }
}

const countField: GraphQLFieldResolver<unknown, Context> = (source, args, context, info) => {
  context.answer()
  return defaultFieldResolver(source, args, context, info)
}

function isMutation({ definitions }: DocumentNode): boolean {
  return definitions.some((each) => each.kind === Kind.OPERATION_DEFINITION && each.operation === 'mutation')
}

/** All errors of a query that is refused. */
class QueryRefused extends Error {
  readonly errors: readonly unknown[]

  constructor(errors: readonly unknown[]) {
    super('the query is refused')
    this.errors = errors
  }
}

/** The query: well formed, within the limits, and valid for the schema. */
function readDocument(schema: GraphQLSchema, { query }: Asked): DocumentNode {
  const document = parseDocument(query, { maxTokens: limits.tokens })
  checkSize(document)
  checkServed(schema, document)
  const errors = validate(schema, document, rules, { maxErrors: 5, hideSuggestions: true })
  if (errors.length > 0) throw new QueryRefused(errors)
  return document
}
