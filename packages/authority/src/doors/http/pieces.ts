// Encodes and prints long answers in pieces, so that others have a turn in between.
import { Readable } from 'node:stream'

import type { Page } from '../../domain/page.ts'

/** Resolves when others have had a turn. */
type Pause = () => Promise<void>

/** Short items that take a millisecond or two. */
const itemsOfPiece = 500
/** Characters that take half a millisecond. */
const charactersOfPiece = 128 * 1024

/** Encodes the items. `weigh` returns how many ordinary items one counts for, if some take longer. */
export async function encodeAll<Item, Encoded>(
  items: readonly Item[],
  encode: (item: Item) => Encoded,
  pause: Pause,
  weigh: (item: Item) => number = () => 1,
): Promise<Encoded[]> {
  const encoded: Encoded[] = []
  let weight = 0
  for (const item of items) {
    const more = weigh(item)
    if (weight + more > itemsOfPiece) {
      weight = 0
      await pause()
    }
    weight += more
    encoded.push(encode(item))
  }
  return encoded
}

/** A list that may be longer than what should be held: it is read while it is sent, a page at a time. */
export class PagedList<Item> {
  readonly pages: AsyncGenerator<Page<Item, unknown>, void>

  constructor(pages: AsyncGenerator<Page<Item, unknown>, void>) {
    this.pages = pages
  }
}

/**
 * Prints a list by its pages. A list of one page is an array; of others the first page is read here, and each further one
 * by `read` once the client has taken those before it.
 */
export async function printPages<Item>(
  { pages }: PagedList<Item>,
  read: <T>(work: () => Promise<T>) => Promise<T>,
  pause: Pause,
): Promise<readonly Item[] | Readable> {
  const first = (await pages.next()).value
  if (first?.next === undefined) return first?.items ?? []

  async function* printAll(begun: Page<Item, unknown>): AsyncGenerator<Buffer> {
    let piece = '['
    let between = ''
    for (let page: typeof begun | void = begun; page !== undefined; page = (await read(() => pages.next())).value) {
      for (const item of page.items) {
        piece += between + JSON.stringify(item)
        between = ','
        if (piece.length < charactersOfPiece) continue
        yield Buffer.from(piece)
        piece = ''
        await pause()
      }
    }
    yield Buffer.from(`${piece}]`)
  }

  return Readable.from(printAll(first))
}

/**
 * The same as `JSON.stringify`. A short answer comes at once, as text, which Node sends together with the head. A longer one,
 * whose lists are printed item by item, comes as UTF-8. Lists may be in the fields of objects.
 */
export function print(answer: object, pause: Pause): string | Promise<Buffer> {
  return holdsList(answer) ? printInPieces(answer, pause) : JSON.stringify(answer)
}

/** Looks only where pieces may end. */
function holdsList(value: unknown): value is object {
  if (Array.isArray(value)) return true
  if (!isPlain(value)) return false
  for (const name in value) {
    const field: unknown = value[name as keyof typeof value]
    if (typeof field === 'object' && field !== null && holdsList(field)) return true
  }
  return false
}

function printInPieces(answer: object, pause: Pause): string | Promise<Buffer> {
  let piece = ''

  /** Stops after each piece. */
  function* write(value: unknown): Generator<void, void> {
    if (Array.isArray(value)) {
      piece += '['
      for (const [at, item] of value.entries()) {
        piece += (at === 0 ? '' : ',') + (JSON.stringify(item) ?? 'null')
        if (piece.length >= charactersOfPiece) yield
      }
      piece += ']'
    } else if (holdsList(value)) {
      let between = ''
      piece += '{'
      for (const [name, field] of Object.entries(value)) {
        if (field === undefined || typeof field === 'function' || typeof field === 'symbol') continue
        piece += `${between}${JSON.stringify(name)}:`
        between = ','
        yield* write(field)
      }
      piece += '}'
    } else piece += JSON.stringify(value) ?? 'null'
  }

  async function printRest(): Promise<Buffer> {
    const done: Buffer[] = []
    do {
      done.push(Buffer.from(piece))
      piece = ''
      await pause()
    } while (steps.next().done !== true)
    return Buffer.concat([...done, Buffer.from(piece)])
  }

  const steps = write(answer)
  return steps.next().done === true ? piece : printRest()
}

/** An object without its own JSON form (as a Date has), and not a text of `JSON.rawJSON`. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || 'toJSON' in value || Object.isFrozen(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
