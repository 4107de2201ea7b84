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
  for (; at < end; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte >= 0x80) return decodeRest(bytes, at, end, text)
    text += String.fromCharCode(byte)
  }
  return text
}

/** Whether `bytes[start..end)` is valid UTF-8. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0
  for (let at = start; at < end; at += 1) all |= bytes[at] ?? 0
  return all < 0x80 || decodeUtf8(bytes, start, end) !== undefined
}

/** The bytes of a text, or undefined where it holds half a surrogate pair, or is none. */
export function encodeUtf8(text: string): Uint8Array | undefined {
  if (typeof text !== 'string' || !text.isWellFormed()) return undefined
  const bytes = new Uint8Array(text.length * 3)
  let length = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code < 0x80) bytes[length++] = code
    else {
      const end = at + (code >= 0xd800 && code < 0xe000 ? 2 : 1)
      for (const digits of encodeURIComponent(text.slice(at, end)).split('%').slice(1)) {
        bytes[length++] = Number.parseInt(digits, 16)
      }
      at = end - 1
    }
  }
  return bytes.slice(0, length)
}

/** Every engine has a strict decoder for UTF-8 in URIs, so the rest is spelt as in a URI (ECMA-262 §19.2.6). */
function decodeRest(bytes: Uint8Array, start: number, end: number, before: string): string | undefined {
  let escaped = ''
  for (let at = start; at < end; at += 1) escaped += `%${(0x100 + (bytes[at] ?? 0)).toString(16).slice(1)}`
  try {
    return before + decodeURIComponent(escaped)
  } catch {
    return undefined
  }
}
