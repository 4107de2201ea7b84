// The limits of a GraphQL request, checked before anything is looked up.
import { GraphQLError, Kind, type DocumentNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql'

/** The largest query of the original's client has 120 fields on 5 levels and 2 aliases. */
export const limits = {
  /** Lexical tokens of the document. */
  tokens: 2000,
  definitions: 10,
  /** Nested fields. */
  depth: 12,
  /** Fields in the answer: those of a fragment count wherever it is spread. */
  fields: 500,
  aliases: 20,
  /** Fields of one name in the document, because validation compares each with all others. */
  repeats: 50,
  /** Fields in the answer, counting every item of a list. */
  answered: 50_000,
  /** Operations of the authority that one request may run. */
  operations: 30,
  /** Items of a list on one page. */
  pageSize: 1000,
} as const

interface Size {
  readonly depth: number
  readonly fields: number
  readonly aliases: number
}

/** @throws GraphQLError that names the exceeded limit, or says that a fragment contains itself */
export function checkSize(document: DocumentNode): void {
  const { definitions } = document
  if (definitions.length > limits.definitions) {
    throw tooMuch(`has ${definitions.length} definitions`, limits.definitions)
  }
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  checkRepeats(definitions)
  const measure = createMeasure(fragments)
  for (const definition of definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue
    const { depth, fields, aliases } = measure(definition.selectionSet)
    if (depth > limits.depth) throw tooMuch(`is nested ${depth} deep`, limits.depth)
    if (fields > limits.fields) throw tooMuch('asks for too many fields', limits.fields)
    if (aliases > limits.aliases) throw tooMuch('has too many aliases', limits.aliases)
  }
}

function checkRepeats(definitions: DocumentNode['definitions']): void {
  const counts = new Map<string, number>()
  function count(selectionSet: SelectionSetNode): void {
    for (const selection of selectionSet.selections) {
      if (selection.kind === Kind.FIELD) {
        const name = (selection.alias ?? selection.name).value
        const times = (counts.get(name) ?? 0) + 1
        if (times > limits.repeats) throw tooMuch('names one field too often', limits.repeats)
        counts.set(name, times)
      }
      if (selection.kind !== Kind.FRAGMENT_SPREAD && selection.selectionSet !== undefined) count(selection.selectionSet)
    }
  }
  for (const definition of definitions) if ('selectionSet' in definition) count(definition.selectionSet)
}

/** Measures each fragment once, however often it is spread: sizes can double with every level. */
function createMeasure(fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
  const known = new Map<string, Size>()
  const open = new Set<string>()

  function measureFragment(name: string): Size {
    const fragment = fragments.get(name)
    // Validation checks later whether it exists.
    if (fragment === undefined) return { depth: 0, fields: 0, aliases: 0 }
    const measured = known.get(name)
    if (measured !== undefined) return measured
    if (open.has(name)) throw new GraphQLError('a fragment of the query holds itself')
    open.add(name)
    const size = measure(fragment.selectionSet)
    open.delete(name)
    known.set(name, size)
    return size
  }

  function measure(selectionSet: SelectionSetNode): Size {
    let depth = 0
    let fields = 0
    let aliases = 0
    for (const selection of selectionSet.selections) {
      let inner: Size = { depth: 0, fields: 0, aliases: 0 }
      if (selection.kind === Kind.FRAGMENT_SPREAD) inner = measureFragment(selection.name.value)
      else if (selection.selectionSet !== undefined) inner = measure(selection.selectionSet)
      const own = selection.kind === Kind.FIELD ? 1 : 0
      depth = Math.max(depth, inner.depth + own)
      fields += inner.fields + own
      aliases += inner.aliases + (selection.kind === Kind.FIELD && selection.alias !== undefined ? 1 : 0)
    }
    return { depth, fields, aliases }
  }

  return measure
}

function tooMuch(what: string, limit: number): GraphQLError {
  return new GraphQLError(`the query ${what}: ${limit} are the limit`)
}
