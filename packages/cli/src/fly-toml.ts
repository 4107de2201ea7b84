// Reads one key of a fly.toml: the name of the app, which stands before the first table.
import { CommandError } from './errors.ts'

/**
 * The top-level `app` of a fly.toml, or nothing where there is none.
 * @throws CommandError naming the file and the line that cannot be read
 */
export function readAppName(text: string, file: string): string | undefined {
  const scanner = new Scanner(text.replace(/^\uFEFF/, ''), file)
  let name: string | undefined
  while (scanner.skipToKey()) {
    const key = scanner.readKey()
    if (key[0] !== 'app') {
      scanner.skipValue()
      continue
    }
    if (key.length > 1) throw scanner.failure('app is a table here, and should be the name of the app')
    if (name !== undefined) throw scanner.failure('app is given twice')
    name = scanner.readString('app should be a string: write app = "name"')
    scanner.endLine()
    if (name === '') throw scanner.failure('app is empty')
  }
  return name
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['t', '\t'],
  ['n', '\n'],
  ['f', '\f'],
  ['r', '\r'],
  ['e', '\u001b'],
  ['"', '"'],
  ['\\', '\\'],
])

class Scanner {
  readonly #text: string
  readonly #file: string
  #position = 0

  constructor(text: string, file: string) {
    this.#text = text
    this.#file = file
  }

  failure(why: string): CommandError {
    const line = this.#text.slice(0, this.#position).split('\n').length
    return new CommandError('failed', `${this.#file}, line ${line}: ${why}`)
  }

  /** Moves to the next key; false at the first table or at the end. */
  skipToKey(): boolean {
    this.#take(/(?:[ \t\r\n]|#[^\n]*)*/y)
    return this.#position < this.#text.length && this.#text[this.#position] !== '['
  }

  /** The parts of a dotted key, and the `=` after it. */
  readKey(): string[] {
    const parts: string[] = []
    do {
      this.#take(/[ \t]*/y)
      const quote = this.#text[this.#position]
      const part = quote === '"' || quote === "'" ? this.readString('') : this.#take(/[A-Za-z0-9_-]+/y)
      if (part === undefined) throw this.failure('there is no key here: a line is written key = value')
      parts.push(part)
    } while (this.#take(/[ \t]*\./y) !== undefined)
    if (this.#take(/[ \t]*=[ \t]*/y) === undefined) throw this.failure('there is no = after the key')
    return parts
  }

  readString(otherwise: string): string {
    if (this.#take(/'''|"""/y) !== undefined) throw this.failure('write this string on one line, in single quotes')
    const literal = this.#take(/'[^'\r\n]*'/y)
    if (literal !== undefined) return literal.slice(1, -1)
    const basic = this.#take(/"(?:[^"\\\r\n]|\\[^\r\n])*"/y)
    if (basic !== undefined) return this.#unescape(basic.slice(1, -1))
    throw this.failure(/['"]/.test(this.#text.charAt(this.#position)) ? 'a string is not closed' : otherwise)
  }

  /** Passes over a value of any kind: what is in its strings, arrays and tables is not looked at. */
  skipValue(): void {
    let depth = 0
    while (this.#position < this.#text.length) {
      if (this.#take(/\r?\n/y) !== undefined) {
        if (depth === 0) return
      } else if (this.#take(/[[{]/y) !== undefined) depth += 1
      else if (this.#take(/[\]}]/y) !== undefined) depth -= 1
      else this.#skipAtom()
    }
  }

  /** Nothing but a comment may follow on the line. */
  endLine(): void {
    this.#take(/[ \t]*(?:#[^\r\n]*)?/y)
    if (this.#position < this.#text.length && this.#take(/\r?\n/y) === undefined) {
      throw this.failure('there is something after the value')
    }
  }

  #skipAtom(): void {
    for (const quotes of ["'''", '"""']) {
      if (!this.#text.startsWith(quotes, this.#position)) continue
      const pattern = quotes === "'''" ? /'''[^]*?'''+/y : /"""(?:[^\\]|\\[^])*?"""+/y
      if (this.#take(pattern) === undefined) throw this.failure('a string is not closed')
      return
    }
    const quote = this.#text[this.#position]
    if (quote === "'" || quote === '"') this.readString('')
    else this.#take(/#[^\n]*|[^'"[\]{}#\r\n]+|\r/y)
  }

  #unescape(text: string): string {
    return text.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([^]))/gu, (_, short, long, single) => {
      const plain = typeof single === 'string' ? escapes.get(single) : undefined
      if (plain !== undefined) return plain
      const code = Number.parseInt(String(short ?? long), 16)
      if (Number.isNaN(code) || code > 0x10_ff_ff) throw this.failure('a string has an escape that TOML does not know')
      return String.fromCodePoint(code)
    })
  }

  /** What the sticky pattern matches here, which is passed over. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position
    const [taken] = pattern.exec(this.#text) ?? []
    if (taken !== undefined) this.#position += taken.length
    return taken
  }
}
