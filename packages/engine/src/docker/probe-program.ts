// A tiny program for a container without other files: it waits, or tries to reach an address.

/**
 * An ELF program for Linux that takes no arguments.
 * @param architecture as the engine calls it; undefined where we have none for it
 * @param target the IPv4 address to connect to, at port 9; without one the program waits forever
 * @returns with a target, the program tries 25 times a second, and exits with 111 (ECONNREFUSED) once it reached it
 */
export function probeProgram(architecture: string, target?: string): Uint8Array | undefined {
  if (architecture !== 'x86_64' && architecture !== 'amd64') return undefined
  const code = Buffer.from((target === undefined ? waiting : connecting).replaceAll(/\s|;.*$/gm, ''), 'hex')
  // struct timeval, 20 ms; struct sockaddr_in: the family, the port in network order, the address; struct timespec, 20 ms.
  const data = Buffer.alloc(48)
  data.writeBigUInt64LE(20_000n, 8)
  data.writeUInt16LE(2, 16)
  data.writeUInt16BE(9, 18)
  data.set((target ?? '0.0.0.0').split('.').map(Number), 20)
  data.writeBigUInt64LE(20_000_000n, 40)
  return Buffer.concat([headersOf(code.length + data.length), code, data])
}

/** The header of an ELF64 file and of its one segment, which is loaded whole, to be read and run. */
function headersOf(size: number): Buffer {
  const header = Buffer.alloc(headerBytes)
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  header.writeUInt16LE(2, 16) // ET_EXEC
  header.writeUInt16LE(62, 18) // EM_X86_64
  header.writeUInt32LE(1, 20)
  header.writeBigUInt64LE(base + BigInt(headerBytes), 24) // where it begins
  header.writeBigUInt64LE(64n, 32) // where the header of the segment is
  header.writeUInt16LE(64, 52)
  header.writeUInt16LE(56, 54)
  header.writeUInt16LE(1, 56)
  header.writeUInt32LE(1, 64) // PT_LOAD
  header.writeUInt32LE(5, 68) // PF_R | PF_X
  header.writeBigUInt64LE(base, 80)
  header.writeBigUInt64LE(base, 88)
  header.writeBigUInt64LE(BigInt(headerBytes + size), 96)
  header.writeBigUInt64LE(BigInt(headerBytes + size), 104)
  header.writeBigUInt64LE(4096n, 112)
  return header
}

const headerBytes = 120
const base = 0x40_0000n

const waiting = `
  b822000000  ; mov eax, 34      pause()
  0f05        ; syscall
  ebf7        ; jmp to the beginning
`

const connecting = `
  b829000000      ; again: mov eax, 41   socket(
  bf02000000      ; mov edi, 2             AF_INET,
  be01000000      ; mov esi, 1             SOCK_STREAM,
  31d2            ; xor edx, edx           0)
  0f05            ; syscall
  89c3            ; mov ebx, eax
  89df            ; mov edi, ebx         setsockopt(socket,
  be01000000      ; mov esi, 1             SOL_SOCKET,
  ba15000000      ; mov edx, 21            SO_SNDTIMEO,
  4c8d1550000000  ; lea r10, timeval       20 ms,
  41b810000000    ; mov r8d, 16            16)
  b836000000      ; mov eax, 54
  0f05            ; syscall
  89df            ; mov edi, ebx         connect(socket,
  488d354a000000  ; lea rsi, sockaddr      address,
  ba10000000      ; mov edx, 16            16)
  b82a000000      ; mov eax, 42
  0f05            ; syscall
  89c5            ; mov ebp, eax
  89df            ; mov edi, ebx         close(socket)
  b803000000      ; mov eax, 3
  0f05            ; syscall
  83fd91          ; cmp ebp, -111
  7412            ; je done
  488d3d37000000  ; lea rdi, timespec    nanosleep(20 ms,
  31f6            ; xor esi, esi           NULL)
  b823000000      ; mov eax, 35
  0f05            ; syscall
  eb94            ; jmp again
  bf6f000000      ; done: mov edi, 111   exit(111)
  b83c000000      ; mov eax, 60
  0f05            ; syscall
`
