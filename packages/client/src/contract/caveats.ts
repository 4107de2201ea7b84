// Caveats in the contract: the JSON of superfly/macaroon, `[{"type":"Action","body":"r"}]`, read strictly and bounded.
import { getCaveats, MacaroonError, type Caveat } from '@hallpass/macaroon'
import { caveatsFromJSON } from '@hallpass/macaroon/json'
import { z } from 'zod'

/** One caveat of an answer. */
export const caveatAnswer = z.object({ type: z.string(), body: z.unknown() }).meta({
  id: 'Caveat',
  description: "A restriction, as superfly/macaroon's JSON has it; one that is not known here has its number as type.",
})
export type CaveatJson = z.infer<typeof caveatAnswer>

// Only the type is checked here; the check below says better what is wrong.
const listed = z.array(z.unknown() as z.ZodType<CaveatJson, CaveatJson>).max(32)

/** More caveats that a mint asks for. An error names one by its index, never by its value. */
export const requestedCaveats = listed.transform(
  (values, context): readonly Caveat[] => check(values, context) ?? z.NEVER,
)

/** The same, checked and kept as it came. */
export const keptCaveats = listed.superRefine((values, context) => void check(values, context))

function check(values: readonly unknown[], context: z.RefinementCtx): readonly Caveat[] | undefined {
  try {
    return readCaveats(values)
  } catch (error) {
    if (!(error instanceof MacaroonError || error instanceof Unsuitable)) throw error
    context.addIssue({ code: 'custom', ...locate(error.message) })
    return undefined
  }
}

/** Why JSON that is well formed is no list of caveats to mint with. Its message begins as those of MacaroonError do. */
class Unsuitable extends Error {}

const longestJson = 16_384
const deepest = 32

// A caveat that only verification answers is not for requests, and only third parties attest.
const refusedTypes = ['3P', 'BindToParentToken', 'FlyioUserID', 'GitHubUserID', 'GoogleUserID'] as const

function readCaveats(values: readonly unknown[]): readonly Caveat[] {
  for (const [index, value] of values.entries()) expectExact(value, `[${index}]`, 0)
  const json = JSON.stringify(values)
  if (json.length > longestJson) throw new Unsuitable(`: more than ${longestJson} characters of JSON`)
  const caveats = caveatsFromJSON(json)
  for (const [index, caveat] of caveats.entries()) {
    for (const type of refusedTypes) {
      if (getCaveats([caveat], type).length > 0) {
        throw new Unsuitable(`[${index}]: no token is minted with a caveat of type ${type}`)
      }
    }
  }
  return caveats
}

/** Refuses numbers that the JSON reader may have rounded, and deep nesting. */
function expectExact(value: unknown, path: string, depth: number): void {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new Unsuitable(`${path}: has a number that is no whole number below 2^53`)
  }
  if (typeof value !== 'object' || value === null) return
  if (depth > deepest) throw new Unsuitable(`${path}: is nested more than ${deepest} deep`)
  for (const part of Object.values(value)) expectExact(part, path, depth + 1)
}

// A path consists of indexes, names of fields, and names of resources in quotation marks.
const located = /^((?:\[\d+\]|\.\w+|\["(?:[^"\\]|\\.)*"\])*)(?:: )?(.*)$/s
const quoted = / ?"(?:[^"\\]|\\.)*"/g

/** Where and what, without the values: a caveat may name anything. */
function locate(message: string): { readonly path: (string | number)[]; readonly message: string } {
  const [, path = '', what = ''] = located.exec(message) ?? []
  const steps = path.replaceAll(quoted, '').match(/\w+/g) ?? []
  return {
    path: steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step)),
    message: `is no such caveat: ${what.replaceAll(quoted, '')}`,
  }
}
