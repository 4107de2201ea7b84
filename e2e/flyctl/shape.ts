// The shape of an answer: which fields it has, and of which types. What is said in them may change.

export type Shape = string | null | readonly Shape[] | { readonly [key: string]: Shape }

/** Types for values, but for codes, which programs decide by; of a list the different shapes of its items. */
export function shapeOf(value: unknown, key = ''): Shape {
  if (value === null) return null
  if (Array.isArray(value)) {
    const shapes = new Map(value.map((item) => shapeOf(item)).map((shape) => [JSON.stringify(shape), shape]))
    return [...shapes.values()]
  }
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shapeOf(part, name)]))
  }
  const decisive = (key === 'code' || key === 'status') && typeof value === 'string' && /^[A-Za-z_]+$/.test(value)
  return decisive ? `= ${value}` : typeof value
}

/** What of the wanted shape is missing or different, by its path; undefined where all of it is there. */
export function findDifference(wanted: Shape, got: Shape, path = 'the answer'): string | undefined {
  if (typeof wanted === 'string' || wanted === null || typeof got === 'string' || got === null) {
    return wanted === got ? undefined : `${path} is ${JSON.stringify(got)}, and was ${JSON.stringify(wanted)}`
  }
  if (isList(wanted)) {
    if (!isList(got)) return `${path} is no list`
    if (wanted.length === 0) return got.length === 0 ? undefined : `${path} is not empty`
    if (got.length === 0) return `${path} is empty`
    for (const item of got) {
      const differences = wanted.map((one) => findDifference(one, item, `${path}[]`))
      if (!differences.includes(undefined)) return differences[0]
    }
    return undefined
  }
  for (const [name, part] of Object.entries(wanted)) {
    // Nobody's request is refused before its query is read, and no client looks where in it.
    if (name === 'path' && path.endsWith('.errors[]')) continue
    const found = isList(got) ? undefined : got[name]
    // What is refused before it runs has none, and no client reads it.
    if (found === undefined && path.endsWith('.errors[]') && name === 'path') continue
    if (found === undefined) return `${path}.${name} is missing`
    const difference = findDifference(part, found, `${path}.${name}`)
    if (difference !== undefined) return difference
  }
  return undefined
}

function isList(shape: Shape): shape is readonly Shape[] {
  return Array.isArray(shape)
}
