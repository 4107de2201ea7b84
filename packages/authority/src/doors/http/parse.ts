// Parses input by its schema, before anything else reads it.
import type { z } from 'zod'

import { InvalidInput, describeIssues } from './errors.ts'

/**
 * The parsed value; undefined if there is no schema. `place` names it in sentences: `the body`.
 * @throws InvalidInput that names the fields and repeats no value
 */
export function parse<S extends z.ZodType>(schema: S, value: unknown, place: string): z.output<S>
export function parse(schema: z.ZodType | undefined, value: unknown, place: string): unknown
export function parse(schema: z.ZodType | undefined, value: unknown, place: string): unknown {
  if (schema === undefined) return undefined
  if (value === undefined && !schema.safeParse(undefined).success) throw new InvalidInput(`${place} is missing`)
  const result = schema.safeParse(value)
  if (!result.success) throw describeIssues(place, value, result.error)
  return result.data
}
