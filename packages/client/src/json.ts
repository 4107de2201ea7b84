// JSON from outside, in which no object may name a member twice: a proxy may have read the other one.

/**
 * What the text says, as `JSON.parse` has it.
 * @throws JsonError where it is no JSON, has more parts than `mostParts`, or an object has a member twice (RFC 7493 §2.3)
 */
export function parseJson(text: string, mostParts = Infinity): unknown {
  const look = lookThrough(text, { parts: mostParts })
  if (look.parts > mostParts) throw new JsonError(`has more than ${mostParts} parts`, false)
  const value = readJson(text, look)
  if (look.repeated !== undefined) throw new JsonError(describeRepeated(look.repeated), true)
  return value
}

/**
 * What the text says, whichever objects were read before. V8 14.6 compares the name of a member with the one that it expects in
 * that place as far as that is long, before it resolves escapes: after an object with the name `\`, it reads `"\u00e9"` as that name
 * too. So escapes in names are resolved before; those of quotation marks, backslashes and control characters cannot be.
 * @throws JsonError where it is no JSON
 */
export function readJson(text: string, { escapedNames }: Pick<JsonLook, 'escapedNames'>): unknown {
  let plain = ''
  let done = 0
  for (const { from, to, name } of escapedNames) {
    plain += text.slice(done, from) + JSON.stringify(name)
    done = to
  }
  try {
    return JSON.parse(done === 0 ? text : plain + text.slice(done))
  } catch {
    throw new JsonError('is not JSON', false)
  }
}

/** Whether the name cannot be written without an escape (RFC 8259 §7). */
export function needsEscape(name: string): boolean {
  return JSON.stringify(name).length > name.length + 2
}

/** What is wrong with JSON, as a predicate: `is not JSON`. It quotes nothing of the text but the name of a member. */
export class JsonError extends SyntaxError {
  /** Whether it is JSON, in which an object has a member twice. */
  readonly isRepeated: boolean

  constructor(predicate: string, isRepeated: boolean) {
    super(predicate)
    this.name = 'JsonError'
    this.isRepeated = isRepeated
  }
}

/** That an object has a member of this name twice, as a predicate. */
export function describeRepeated(name: string): string {
  return `has the member ${JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name)} twice in one object`
}

export interface JsonLook {
  /** Commas, brackets and braces outside of texts: values and what holds them each cost more than their bytes. */
  readonly parts: number
  /** Of members of objects: each that is new costs more than a part. */
  readonly names: number
  /** The name of a member that its object has twice, whichever way it is written; the first of them. */
  readonly repeated: string | undefined
  /** Whether an object has the member `__proto__`, which libraries drop or take for something else. */
  readonly namesPrototype: boolean
  /** Names of members that are written with an escape, and where they are, with their quotation marks. */
  readonly escapedNames: readonly { readonly from: number; readonly to: number; readonly name: string }[]
}

/**
 * Scans the text once, before it is parsed; for text that is not JSON the result is arbitrary. It stops at one part or
 * name more than `most`.
 */
export function lookThrough(json: string, most: Partial<Pick<JsonLook, 'parts' | 'names'>> = {}): JsonLook {
  const { parts: mostParts = Infinity, names: mostNames = Infinity } = most
  let parts = 0
  let count = 0
  let repeated: string | undefined
  let namesPrototype = false
  const escapedNames: { from: number; to: number; name: string }[] = []
  // Of the object that we are in; undefined in an array.
  let names: Set<string> | undefined
  const outer: (Set<string> | undefined)[] = []
  let expectsName = false
  for (let at = 0; at < json.length && parts <= mostParts && count <= mostNames; at++) {
    switch (json.charCodeAt(at)) {
      case signs.quote: {
        const end = endOfText(json, at)
        if (expectsName && names !== undefined) {
          count += 1
          const quoted = json.slice(at, end + 1)
          const resolved = quoted.includes('\\') ? readText(quoted) : undefined
          const name = resolved ?? quoted.slice(1, -1)
          if (resolved !== undefined) escapedNames.push({ from: at, to: end + 1, name })
          if (names.has(name)) repeated ??= name
          if (name === '__proto__') namesPrototype = true
          names.add(name)
          expectsName = false
        }
        at = end
        break
      }
      case signs.comma:
        parts += 1
        expectsName = true
        break
      case signs.brace:
      case signs.bracket:
        parts += 1
        outer.push(names)
        names = json.charCodeAt(at) === signs.brace ? new Set() : undefined
        expectsName = true
        break
      case signs.endOfBrace:
      case signs.endOfBracket:
        names = outer.pop()
        expectsName = false
    }
  }
  return { parts, names: count, repeated, namesPrototype, escapedNames }
}

const signs = {
  comma: 0x2c,
  brace: 0x7b,
  endOfBrace: 0x7d,
  bracket: 0x5b,
  endOfBracket: 0x5d,
  quote: 0x22,
  backslash: 0x5c,
} as const

/** Where the text that begins here has its last quotation mark. */
function endOfText(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); at !== -1; at = json.indexOf('"', at + 1)) {
    let first = at
    while (json.charCodeAt(first - 1) === signs.backslash) first -= 1
    // Two backslashes are one that is escaped.
    if ((at - first) % 2 === 0) return at
  }
  return json.length
}

/** Undefined where it is no text of JSON. */
function readText(quoted: string): string | undefined {
  try {
    return String(JSON.parse(quoted))
  } catch {
    return undefined
  }
}
