/** Room for the bytes of macaroons, cut from common slabs: a buffer of its own costs more than reading the macaroon does. */

/**
 * `length` bytes of some content or other, to be filled. They may share their `buffer` with those of other macaroons, so
 * such an array stays inside of this package: what is handed out is a copy.
 */
export function takeRoom(length: number): Uint8Array {
  // Engines keep the shortest arrays among their objects, and those of a length that matters are few.
  if (length <= shortest || length > longest) return new Uint8Array(length)
  if (used + length > slab.byteLength) {
    slab = new ArrayBuffer(slabLength)
    used = 0
  }
  const room = new Uint8Array(slab, used, length)
  used += length
  return room
}

const shortest = 64
const longest = 1024
/** Small, for as long as one macaroon of it is kept, all of it is. */
const slabLength = 4096

let slab = new ArrayBuffer(slabLength)
let used = 0
