/** Where everything lies in the linear memory of the WebAssembly kernel: known to its generator and to its caller. */

/** How many bytes an input may have; a macaroon has 64 KiB at most. */
export const inputCapacity = 0x11000
/** How many tails there may be; a macaroon has 256 caveats at most. */
export const tailCapacity = 512

/** Constants first, then what must be wiped after use, then what comes in and goes out. */
export const layout = {
  roundConstants: 0,
  initialHash: 0x100,
  keepMask: 0x120,
  endMark: 0x1a0,
  constantsEnd: 0x220,

  /** A key of up to 64 bytes; between two calls all of it is zero. */
  key: 0x240,
  inner: 0x280,
  outer: 0x2a0,
  digest: 0x2c0,
  schedule: 0x2e0,
  hashEnd: 0x320,
  /** Behind four bytes for a counter. */
  nonce: 0x320,
  tag: 0x330,
  oneTimeKey: 0x340,
  keystream: 0x360,
  secretsEnd: 0x3e0,

  /** Where caveat i starts in the input, and last, where the last one ends. */
  offsets: 0x400,
  tails: 0x1000,
  /** A whole vector may be read or written before it and behind it. */
  input: 0x6000,
} as const

/** Of 64 KiB each. */
export const memoryPages = 2
