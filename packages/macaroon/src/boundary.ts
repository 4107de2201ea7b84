/** The boundary of the package: what a caller hands over is checked when it comes, and copied where it could change. */

import { MacaroonError } from './errors.ts'

export function badArgument(name: string, wanted: string): MacaroonError {
  return new MacaroonError('bad-argument', `${name} must be ${wanted}`)
}

/** A copy that nobody else can change. Throws `bad-argument` for all but a Uint8Array, of so many bytes if need be. */
export function takeBytes(value: unknown, name: string, length?: number): Uint8Array {
  const copy = isBytes(value) ? copyOf(value) : undefined
  if (copy === undefined || (length !== undefined && copy.length !== length)) {
    throw badArgument(name, `a Uint8Array${length === undefined ? '' : ` of ${length} bytes`}`)
  }
  return copy
}

/** Whether the engine itself treats it as a Uint8Array, whatever its class says and wherever its class is from. */
export function isBytes(value: unknown): value is Uint8Array {
  return tagOf.call(value) === 'Uint8Array'
}

export function expectText(value: unknown, name: string): string {
  if (typeof value !== 'string') throw badArgument(name, 'a string')
  return value
}

export function expectId(value: unknown, name: string): bigint {
  if (typeof value !== 'bigint') throw badArgument(name, 'a bigint')
  return value
}

/** Something with fields: options, or the parts of a whole. */
export function expectFields<Fields extends object>(value: Fields, name: string): Fields {
  if (typeof value !== 'object' || value === null) throw badArgument(name, 'an object')
  return value
}

/** A copy of the list, with `take` applied to each element; a gap counts as undefined. */
export function takeList<Item>(
  value: unknown,
  name: string,
  take: (item: unknown, name: string) => Item,
): readonly Item[] {
  if (!Array.isArray(value)) throw badArgument(name, 'a list')
  const list: Item[] = []
  for (let i = 0; i < value.length; i += 1) list.push(take(value[i], `${name}[${i}]`))
  return list
}

/** Throws `bad-argument` with the name of a field that is not a function. */
export function expectFunctions(fields: object, name: string, ...methods: readonly string[]): void {
  for (const method of methods) {
    if (typeof Reflect.get(expectFields(fields, name), method) !== 'function') {
      throw badArgument(`${name}.${method}`, 'a function')
    }
  }
}

/** Their number as the engine counts, whatever their class says; 0 if the buffer was transferred. */
export function lengthOf(bytes: Uint8Array): number {
  return lengthBy.call(bytes)
}

/** What the engine itself asks arrays of numbers. */
const parts = /* @__PURE__ */ Object.getOwnPropertyDescriptors(
  /* @__PURE__ */ Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array,
)
const tagOf = parts[Symbol.toStringTag].get as (this: unknown) => unknown
const lengthBy = parts.length.get as (this: unknown) => number

/** Undefined if the buffer was transferred: then no length that can be read is that of a copy. */
function copyOf(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return new Uint8Array(bytes)
  } catch {
    return undefined
  }
}
