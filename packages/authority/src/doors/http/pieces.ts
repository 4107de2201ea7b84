// Answers made in pieces: a long one is neither encoded nor written in one go, so that others have their turn meanwhile.

/** Resolves when others had their turn. */
type Pause = () => Promise<void>

/** Items without anything long in them: a millisecond or two. */
const itemsOfPiece = 500
/** Characters: half a millisecond. */
const charactersOfPiece = 128 * 1024

/** The items, encoded. `weigh` tells for how many ordinary ones an item counts, where some take longer than others. */
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

/**
 * What `JSON.stringify` makes of the answer, in UTF-8. Lists may be the answer or stand under the fields of objects, and
 * their items are written one by one.
 */
export async function print(answer: object, pause: Pause): Promise<Buffer> {
  const done: Buffer[] = []
  let piece = ''

  async function rest(): Promise<void> {
    done.push(Buffer.from(piece))
    piece = ''
    await pause()
  }

  async function write(value: unknown): Promise<void> {
    if (Array.isArray(value)) {
      piece += '['
      for (const [at, item] of value.entries()) {
        piece += (at === 0 ? '' : ',') + (JSON.stringify(item) ?? 'null')
        if (piece.length >= charactersOfPiece) await rest()
      }
      piece += ']'
    } else if (isPlain(value)) {
      let between = ''
      piece += '{'
      for (const [name, field] of Object.entries(value)) {
        if (field === undefined || typeof field === 'function' || typeof field === 'symbol') continue
        piece += `${between}${JSON.stringify(name)}:`
        between = ','
        if (typeof field === 'object') await write(field)
        else piece += JSON.stringify(field)
      }
      piece += '}'
    } else piece += JSON.stringify(value) ?? 'null'
  }

  await write(answer)
  done.push(Buffer.from(piece))
  return Buffer.concat(done)
}

/** Without a form of its own, as a Date has one, and a text that `JSON.rawJSON` took as it is. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || 'toJSON' in value || Object.isFrozen(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
