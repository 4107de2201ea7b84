// Estimates the memory of a value, for caches of data from outside.

/**
 * Bytes, about as V8 lays values out on 64 bits, rather more than less: texts, bigints, lists, maps and plain objects,
 * with everything in them.
 */
export function weigh(value: unknown): number {
  if (typeof value === 'string') return 24 + 2 * value.length
  if (typeof value === 'bigint') return 32
  if (typeof value !== 'object' || value === null) return 8
  if (ArrayBuffer.isView(value)) return 200 + value.byteLength
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + 8 + weigh(item), 48)
  if (value instanceof Map) {
    let sum = 240
    for (const [key, item] of value) sum += 64 + weigh(key) + weigh(item)
    return sum
  }
  return Object.values(value).reduce<number>((sum, item) => sum + 8 + weigh(item), 48)
}
