/** The extent of MessagePack values of any kind, from their heads alone. */

/**
 * Where the value at `start` ends at least: exactly there where it lies before `limit`, and beyond that where the bytes end
 * before it does. Undefined for the one byte that begins no value. Takes time in proportion to the bytes, whatever
 * lengths they announce.
 */
export function leastEnd(bytes: Uint8Array, start: number, limit = bytes.length): number | undefined {
  let at = start
  for (let remaining = 1; remaining > 0; remaining -= 1) {
    // Every value takes a byte at least, and what is announced costs nothing until it is there.
    if (at >= limit) return at + remaining
    const code = bytes[at] ?? 0
    if (code === neverUsed) return undefined
    const width = widthOfLength(code)
    at += 1 + width
    if (at > limit) return at + remaining - 1
    const length = readLength(bytes, at - width, at)
    remaining += countChildren(code, length)
    at += countPayload(code, length)
    if (at > limit) return at + remaining - 1
  }
  return at
}

/**
 * Whether the values in these bytes, which must be whole, are of kinds that Go's decoder takes without knowing them: no
 * extension types, and no arrays, maps or byte strings as keys of maps, over which it panics.
 */
export function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  // For every container around: how many values are still to come in it, and whether it is a map.
  const around: { left: number; readonly isMap: boolean }[] = []
  for (let at = start; at < end;) {
    const code = bytes[at] ?? 0
    const container = around.at(-1)
    if (isExtension(code)) return false
    if (container?.isMap === true && container.left % 2 === 0 && !canBeKey(code)) return false
    if (container !== undefined) container.left -= 1
    const width = widthOfLength(code)
    const length = readLength(bytes, at + 1, at + 1 + width)
    const children = countChildren(code, length)
    if (children > 0) around.push({ left: children, isMap: isMapHead(code) })
    at += 1 + width + countPayload(code, length)
    while (around.at(-1)?.left === 0) around.pop()
  }
  return true
}

const neverUsed = 0xc1

function isExtension(code: number): boolean {
  return (code >= 0xc7 && code <= 0xc9) || (code >= 0xd4 && code <= 0xd8)
}

function isMapHead(code: number): boolean {
  return (code >= 0x80 && code <= 0x8f) || code === 0xde || code === 0xdf
}

function canBeKey(code: number): boolean {
  const isArray = (code >= 0x90 && code <= 0x9f) || code === 0xdc || code === 0xdd
  const isBytes = code >= 0xc4 && code <= 0xc6
  return !isArray && !isBytes && !isMapHead(code)
}

/** How many bytes of the head say a length. */
function widthOfLength(code: number): number {
  if (code < 0xc4 || code > 0xdf || (code > 0xc9 && code < 0xd9)) return 0
  if (code <= 0xc9) return 2 ** ((code - 0xc4) % 3)
  return code <= 0xdb ? 2 ** (code - 0xd9) : 2 + (code & 1) * 2
}

function readLength(bytes: Uint8Array, start: number, end: number): number {
  let length = 0
  for (let at = start; at < end; at += 1) length = length * 256 + (bytes[at] ?? 0)
  return length
}

/** How many values are inside. */
function countChildren(code: number, length: number): number {
  if (code >= 0x80 && code <= 0x8f) return (code & 15) * 2
  if (code >= 0x90 && code <= 0x9f) return code & 15
  if (code === 0xdc || code === 0xdd) return length
  return code === 0xde || code === 0xdf ? length * 2 : 0
}

/** How many bytes behind the head belong to the value itself. */
function countPayload(code: number, length: number): number {
  if (code >= 0xa0 && code <= 0xbf) return code & 31
  if (code >= 0xc7 && code <= 0xc9) return length + 1
  if ((code >= 0xc4 && code <= 0xc6) || (code >= 0xd9 && code <= 0xdb)) return length
  if (code >= 0xd4 && code <= 0xd8) return 1 + 2 ** (code - 0xd4)
  // Floats of 4 and 8 bytes, then unsigned integers of 1, 2, 4 and 8, then those with a sign.
  return code >= 0xca && code <= 0xd3 ? 2 ** (code & 3) : 0
}
