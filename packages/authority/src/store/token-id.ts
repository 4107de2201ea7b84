// Token ids: UUIDs as text outside, 16 bytes in the database, whose table and indexes they order.

/** The bytes of a UUID; undefined if the text is not one, so no token can have that id. */
export function parseTokenId(id: string): Uint8Array | undefined {
  // First, because Node.js reads the hex digits from the low bytes of the characters: U+0161 would be an "a".
  if (!uuidPattern.test(id)) return undefined
  return Buffer.from(id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24), 'hex')
}

/** @throws TypeError if the text is not a UUID */
export function requireTokenId(id: string): Uint8Array {
  const bytes = parseTokenId(id)
  if (bytes === undefined) throw new TypeError('A token id must be a UUID.')
  return bytes
}

/** The UUID for the 16 bytes. */
export function formatTokenId(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
