// Tiny programs that need no other file in a container: they wait, reach an address, send a signal.

/**
 * An ELF program for Linux that takes no arguments.
 * @param architecture as the engine calls it; undefined where we have none for it
 * @param target the IPv4 address to connect to, at port 9; without one the program waits forever
 * @returns with a target, the program tries 25 times a second, and exits with 111 (ECONNREFUSED) once it reached it
 */
export function probeProgram(architecture: string, target?: string): Uint8Array | undefined {
  if (architecture !== 'x86_64' && architecture !== 'amd64') return undefined
  const code = codeOf(target === undefined ? waiting : connecting)
  const data = targetOf(target ?? '0.0.0.0', 9)
  return Buffer.concat([headersOf(code.length + data.length), code, data])
}

/**
 * Sends a signal to the first process of a run, from within: the one with the lowest number, except 1. It takes the number of
 * the signal as its argument, and exits with 0 or the errno of `kill`.
 */
export function killProgram(): Uint8Array {
  const code = codeOf(killing)
  return Buffer.concat([headersOf(code.length), code])
}

/** Accepts connections at a port of every IPv4 address, forever. */
export function listenProgram(port: number): Uint8Array {
  const code = codeOf(listening)
  const address = Buffer.alloc(16)
  address.writeUInt16LE(2, 0)
  address.writeUInt16BE(port, 2)
  return Buffer.concat([headersOf(code.length + address.length), code, address])
}

/**
 * Tries 25 times a second to connect to an address at a port, and exits with 0 once it is connected.
 * @param address IPv4
 */
export function connectProgram(address: string, port: number): Uint8Array {
  // Success in the place of ECONNREFUSED, which some networks answer to what they forbid.
  const code = codeOf(connecting.replace('83fd91', '83fd00').replace('bf6f000000', 'bf00000000'))
  return Buffer.concat([headersOf(code.length + 48), code, targetOf(address, port)])
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

/** struct timeval, 20 ms; struct sockaddr_in: the family, the port in network order, the address; struct timespec, 20 ms. */
function targetOf(address: string, port: number): Buffer {
  const data = Buffer.alloc(48)
  data.writeBigUInt64LE(20_000n, 8)
  data.writeUInt16LE(2, 16)
  data.writeUInt16BE(port, 18)
  data.set(address.split('.').map(Number), 20)
  data.writeBigUInt64LE(20_000_000n, 40)
  return data
}

function codeOf(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s|;.*$/gm, ''), 'hex')
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

const killing = `
  488b742410    ; mov rsi, [rsp+16]   the argument
  31db          ; xor ebx, ebx
  0fb606        ; digit: movzx eax, byte [rsi]
  84c0          ; test al, al
  740c          ; je search
  6bdb0a        ; imul ebx, ebx, 10
  8d5c03d0      ; lea ebx, [rbx+rax-48]
  48ffc6        ; inc rsi
  ebed          ; jmp digit
  bd02000000    ; search: mov ebp, 2
  89ef          ; next: mov edi, ebp  kill(ebp,
  31f6          ; xor esi, esi          0)
  b83e000000    ; mov eax, 62
  0f05          ; syscall
  83f8fd        ; cmp eax, -3         ESRCH
  750c          ; jne send
  ffc5          ; inc ebp
  81fd00004000  ; cmp ebp, 0x400000
  72e6          ; jb next
  eb0b          ; jmp done
  89ef          ; send: mov edi, ebp  kill(ebp,
  89de          ; mov esi, ebx          the signal)
  b83e000000    ; mov eax, 62
  0f05          ; syscall
  89c7          ; done: mov edi, eax  exit(errno)
  f7df          ; neg edi
  b83c000000    ; mov eax, 60
  0f05          ; syscall
`

const listening = `
  b829000000      ; mov eax, 41      socket(
  bf02000000      ; mov edi, 2         AF_INET,
  be01000000      ; mov esi, 1         SOCK_STREAM,
  31d2            ; xor edx, edx       0)
  0f05            ; syscall
  89c3            ; mov ebx, eax
  89df            ; mov edi, ebx     bind(socket,
  488d3523000000  ; lea rsi, sockaddr  address,
  ba10000000      ; mov edx, 16        16)
  b831000000      ; mov eax, 49
  0f05            ; syscall
  89df            ; mov edi, ebx     listen(socket,
  be10000000      ; mov esi, 16        16)
  b832000000      ; mov eax, 50
  0f05            ; syscall
  b822000000      ; mov eax, 34      pause()
  0f05            ; syscall
  ebf7            ; jmp to pause
`
