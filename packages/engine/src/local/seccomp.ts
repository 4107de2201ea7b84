// The filter of system calls of a run: it refuses those that affect the machine rather than the run.

/**
 * A program for the kernel's seccomp, as bubblewrap loads it. It refuses listed calls and allows the rest: the limits
 * of a run do not depend on it. Undefined for unknown processors.
 */
export function seccompFilter(architecture: string): Uint8Array | undefined {
  const found = { x64: { audit: 0xc000_003e, column: 0 }, arm64: { audit: 0xc000_00b7, column: 1 } }[architecture]
  if (found === undefined) return undefined
  const numbers = refused.map((pair) => pair[found.column]).filter((number) => number !== undefined)
  const program: number[][] = [
    [load, 0, 0, 4], // the architecture: another one would have other numbers
    [equal, 1, 0, found.audit],
    [answer, 0, 0, kill],
    [load, 0, 0, 0],
  ]
  // On x86 the x32 calls repeat the others from 2^30 on.
  if (architecture === 'x64') program.push([atLeast, 0, 1, 0x4000_0000], [answer, 0, 0, errno | noSystemCall])
  // No filter can see its flags, which are in memory: programs fall back to clone.
  program.push([equal, 0, 1, clone3], [answer, 0, 0, errno | noSystemCall])
  for (const number of numbers) program.push([equal, 0, 1, number], [answer, 0, 0, errno | notPermitted])
  // Other families than these reach past the network of a run (AF_VSOCK: the host of a virtual machine), or have the kernel load a
  // module that hardly anybody uses.
  for (const [x64, arm64] of socketCalls) {
    program.push([equal, 0, families.length + 3, found.column === 0 ? x64 : arm64], [load, 0, 0, 16])
    families.forEach((family, index) => program.push([equal, families.length - index, 0, family]))
    program.push([answer, 0, 0, errno | noFamily], [answer, 0, 0, allow])
  }
  // clone that makes a user namespace, in which a program has rights again.
  program.push([equal, 0, 3, found.column === 0 ? 56 : 220], [load, 0, 0, 16], [anyBit, 0, 1, newUser])
  program.push([answer, 0, 0, errno | notPermitted], [answer, 0, 0, allow])
  const bytes = Buffer.alloc(program.length * 8)
  program.forEach(([code = 0, yes = 0, no = 0, value = 0], index) => {
    bytes.writeUInt16LE(code, index * 8)
    bytes.writeUInt8(yes, index * 8 + 2)
    bytes.writeUInt8(no, index * 8 + 3)
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4)
  })
  return bytes
}

// BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_JGE, BPF_JSET, BPF_RET|BPF_K
const [load, equal, atLeast, anyBit, answer] = [0x20, 0x15, 0x35, 0x45, 0x06]
// SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW; EPERM, ENOSYS and EAFNOSUPPORT
const [kill, errno, allow, notPermitted, noSystemCall, noFamily] = [0x8000_0000, 0x0005_0000, 0x7fff_0000, 1, 38, 97]
const newUser = 0x1000_0000
const clone3 = 435
/** socket and socketpair. */
const socketCalls = [
  [41, 198],
  [53, 199],
] as const
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK and AF_PACKET, which takes a right that runs lack. */
const families = [1, 2, 10, 16, 17]

/** Their numbers on x86-64 and on arm64. */
const refused: readonly (readonly [number, number | undefined])[] = [
  [101, 117], // ptrace: a command is another process of the run, which has more rights while it comes in
  [103, 116], // syslog
  [155, 41], // pivot_root
  [161, 51], // chroot
  [163, 89], // acct
  [164, 170], // settimeofday
  [165, 40], // mount
  [166, 39], // umount2
  [167, 224], // swapon
  [168, 225], // swapoff
  [169, 142], // reboot
  [172, undefined], // iopl
  [173, undefined], // ioperm
  [175, 105], // init_module
  [176, 106], // delete_module
  [179, 60], // quotactl
  [227, 112], // clock_settime
  [246, 104], // kexec_load
  [248, 217], // add_key
  [249, 218], // request_key
  [250, 219], // keyctl
  [272, 97], // unshare
  [298, 241], // perf_event_open
  [300, 262], // fanotify_init
  [304, 265], // open_by_handle_at
  [308, 268], // setns
  [310, 270], // process_vm_readv
  [311, 271], // process_vm_writev
  [313, 273], // finit_module
  [320, 294], // kexec_file_load
  [321, 280], // bpf
  [323, 282], // userfaultfd
  [425, 425], // io_uring_setup
  [426, 426], // io_uring_enter
  [427, 427], // io_uring_register
  [428, 428], // open_tree
  [429, 429], // move_mount
  [430, 430], // fsopen
  [431, 431], // fsconfig
  [432, 432], // fsmount
  [433, 433], // fspick
  [438, 438], // pidfd_getfd
  [442, 442], // mount_setattr
]
