/** Where everything lies in the linear memory of the WebAssembly kernel: known to its generator and to its caller. */

/** How many bytes an input may have; a macaroon has 64 KiB at most. */
export const inputCapacity = 0x11000
/** How many bytes of scratch memory there are: a header has 64 KiB, in which four characters stand for three bytes. */
export const scratchCapacity = 0xc000
/** How many tails there may be; a macaroon has 256 caveats at most. */
export const tailCapacity = 512

/** How many signing keys have what follows from them kept. */
export const rootCount = 8
/** A key, and the hashes of its two pads (RFC 2104 §4). */
export const rootLength = 96

/** Constants first, then what must be wiped after use, then what comes in and goes out. */
export const layout = {
  roundConstants: 0,
  initialHash: 0x100,
  keepMask: 0x120,
  endMark: 0x1a0,
  proofPads: 0x220,
  constantsEnd: 0x260,

  /** A key of up to 64 bytes; between two calls all of it is zero. */
  key: 0x280,
  inner: 0x2c0,
  outer: 0x2e0,
  digest: 0x300,
  schedule: 0x320,
  hashEnd: 0x360,
  /** Behind four bytes for a counter. */
  nonce: 0x360,
  tag: 0x370,
  oneTimeKey: 0x380,
  keystream: 0x3a0,
  secretsEnd: 0x420,

  /** Signing keys, in places that follow from their first bytes: only these outlive a call. */
  roots: 0x440,
  /** Where caveat i starts in the input, and last, where the last one ends. */
  offsets: 0x800,
  tails: 0x1800,
  /** A whole vector may be read or written before it and behind it. */
  input: 0x6000,
  scratch: 0x18000,
} as const

/** Of 64 KiB each. */
export const memoryPages = 3
