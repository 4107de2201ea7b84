/** UTF-8 in both directions, strictly: nothing is replaced, nothing is dropped, no byte order mark is swallowed. */

/** The text of `bytes[start..end)`, or undefined where that is not valid UTF-8. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = ''
  let at = start
  // Almost every text is ASCII: eight characters at a time.
  for (; at + 8 <= end; at += 8) {
    const a = bytes[at] ?? 0
    const b = bytes[at + 1] ?? 0
    const c = bytes[at + 2] ?? 0
    const d = bytes[at + 3] ?? 0
    const e = bytes[at + 4] ?? 0
    const f = bytes[at + 5] ?? 0
    const g = bytes[at + 6] ?? 0
    const h = bytes[at + 7] ?? 0
    if ((a | b | c | d | e | f | g | h) >= 0x80) break
    text += String.fromCharCode(a, b, c, d, e, f, g, h)
  }
  while (at < end) {
    const first = bytes[at] ?? 0
    if (first < 0x80) {
      text += String.fromCharCode(first)
      at += 1
      continue
    }
    const length = sequenceLength(first)
    if (length === 0 || at + length > end) return undefined
    let point = first & (0x7f >> length)
    for (let i = 1; i < length; i += 1) {
      const next = bytes[at + i] ?? 0
      if ((next & 0xc0) !== 0x80) return undefined
      point = (point << 6) | (next & 0x3f)
    }
    if (point < smallestPoint(length) || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined
    text += String.fromCodePoint(point)
    at += length
  }
  return text
}

/** Whether `bytes[start..end)` is valid UTF-8. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0
  for (let at = start; at < end; at += 1) all |= bytes[at] ?? 0
  return all < 0x80 || decodeUtf8(bytes, start, end) !== undefined
}

/** The bytes of a text, or undefined where it holds half a surrogate pair. */
export function encodeUtf8(text: string): Uint8Array | undefined {
  if (!text.isWellFormed()) return undefined
  const bytes = new Uint8Array(text.length * 3)
  let at = 0
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0
    if (point < 0x80) {
      bytes[at++] = point
    } else if (point < 0x800) {
      bytes[at++] = 0xc0 | (point >> 6)
      bytes[at++] = 0x80 | (point & 0x3f)
    } else if (point < 0x10000) {
      bytes[at++] = 0xe0 | (point >> 12)
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f)
      bytes[at++] = 0x80 | (point & 0x3f)
    } else {
      bytes[at++] = 0xf0 | (point >> 18)
      bytes[at++] = 0x80 | ((point >> 12) & 0x3f)
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f)
      bytes[at++] = 0x80 | (point & 0x3f)
    }
  }
  return bytes.slice(0, at)
}

function sequenceLength(first: number): number {
  if (first >= 0xc2 && first <= 0xdf) return 2
  if (first >= 0xe0 && first <= 0xef) return 3
  if (first >= 0xf0 && first <= 0xf4) return 4
  return 0
}

function smallestPoint(length: number): number {
  if (length === 2) return 0x80
  return length === 3 ? 0x800 : 0x10000
}
