// The OpenAPI 3.1 document, made from the same schemas that validate.
import { commandHeader } from '@hallpass/client/command-stream'
import { errorAnswer, routes, type Route } from '@hallpass/client/contract'
import { z } from 'zod'

type Json = { readonly [key: string]: unknown }

/** The document for an authority at `url`. */
export function describeApi(url: string): Json {
  const schemas: Record<string, unknown> = {}
  const embed = (schema: z.ZodType, io: 'input' | 'output') => hoist(schema, io, schemas)
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of Object.values<Route>(routes)) {
    const operations = (paths[route.path] ??= {})
    operations[route.method.toLowerCase()] = describeRoute(route, embed)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hallpass',
      version: '1',
      summary: 'API tokens for organizations, hosted by yourself.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        verifier: { type: 'http', scheme: 'bearer', description: 'The credential of a verifier: `fv1_…`.' },
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'An auth token (`fo1_…`) or org tokens (`fm2_…`, separated by commas); the scheme `FlyV1` too.',
        },
      },
    },
  }
}

type Embed = (schema: z.ZodType, io: 'input' | 'output') => unknown

function describeRoute(route: Route, embed: Embed): Json {
  const failure = { description: 'No, and why.', content: json(embed(errorAnswer, 'output')) }
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.tag],
    ...(route.authenticated && route.credentialInBody !== true ? {} : { security: [] }),
    ...(route.byVerifier === true ? { security: [{ verifier: [] }] } : {}),
    parameters: [
      ...describeParameters('path', route.params, embed),
      ...describeParameters('query', route.query, embed),
      ...(route.leased === true ? [leaseHeader] : []),
      ...(route.command === undefined ? [] : [describeCommandHeader(embed(route.command, 'input'))]),
    ],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: !z.safeParse(route.body, undefined).success,
            content: json(embed(route.body, 'input')),
          },
        }),
    responses: {
      [route.status]: {
        description: route.summary,
        ...(route.answer === undefined ? {} : { content: json(embed(route.answer, 'output')) }),
      },
      '4XX': failure,
      '5XX': failure,
    },
  }
}

const leaseHeader: Json = {
  name: 'fly-machine-lease-nonce',
  in: 'header',
  required: false,
  description: 'The nonce of the lease, if the machine is leased.',
  schema: { type: 'string' },
}

function describeCommandHeader(schema: unknown): Json {
  return {
    name: commandHeader,
    in: 'header',
    required: true,
    description: 'What is run: base64url of this as JSON.',
    schema: {
      type: 'string',
      contentEncoding: 'base64url',
      contentMediaType: 'application/json',
      contentSchema: schema,
    },
  }
}

function describeParameters(place: 'path' | 'query', schema: z.ZodObject | undefined, embed: Embed): readonly Json[] {
  return Object.entries(schema?.shape ?? {}).map(([name, part]) => ({
    name,
    in: place,
    required: place === 'path' || !z.safeParse(part as z.ZodType, undefined).success,
    schema: embed(part as z.ZodType, 'input'),
  }))
}

/** Moves schemas with an id into components, each once. */
function hoist(schema: z.ZodType, io: 'input' | 'output', schemas: Record<string, unknown>): unknown {
  const { $schema: _dialect, $defs = {}, ...described } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  for (const [name, definition] of Object.entries($defs)) schemas[name] ??= relink(definition)
  const { id, ...rest } = described
  if (id === undefined) return relink(rest)
  schemas[id] ??= relink(rest)
  return { $ref: `#/components/schemas/${id}` }
}

function relink(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relink)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      // A schema's own id is text; a property named id is a schema.
      .filter(([key, part]) => key !== 'id' || typeof part !== 'string')
      .map(([key, part]) => [
        key,
        key === '$ref' && typeof part === 'string' ? part.replace('#/$defs/', '#/components/schemas/') : relink(part),
      ]),
  )
}

function json(schema: unknown): Json {
  return { 'application/json': { schema } }
}
