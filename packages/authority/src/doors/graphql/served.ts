// Finds parts of a query that the original answers and this authority does not, so that they are not reported as
// misspelled.
import { TypeInfo, visit, visitWithTypeInfo, type DocumentNode, type GraphQLSchema } from 'graphql'

import { NotServed } from './errors.ts'

/** @throws NotServed that names the first field, argument or type that is not served, at any depth */
export function checkServed(schema: GraphQLSchema, document: DocumentNode): void {
  const types = new TypeInfo(schema)
  visit(
    document,
    visitWithTypeInfo(types, {
      Field({ name, arguments: given = [] }) {
        const parent = types.getParentType()
        if (parent == null || name.value.startsWith('__')) return
        const field = types.getFieldDef()
        if (field == null) throw notServed(name.value, wordOf(schema, parent.name))
        const unknown = given.find((argument) => field.args.every((known) => known.name !== argument.name.value))
        if (unknown !== undefined) throw notServed(unknown.name.value, `argument of ${field.name}`)
      },
    }),
  )
  // Types of variables come before the fields, and say less.
  visit(document, {
    NamedType({ name }) {
      if (schema.getType(name.value) === undefined) throw notServed(name.value, 'type')
    },
  })
}

function wordOf(schema: GraphQLSchema, parent: string): string {
  if (parent === schema.getQueryType()?.name) return 'query'
  return parent === schema.getMutationType()?.name ? 'mutation' : `field of ${parent}`
}

/** A name longer than any of the original's may be a pasted secret, and is not repeated. */
function notServed(name: string, what: string): NotServed {
  return new NotServed(`this authority does not serve the ${what} ${name.length > 40 ? 'of this name' : name}`)
}
