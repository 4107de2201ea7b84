// The filter of system calls, as the kernel takes it.
import { spawnSync } from 'node:child_process'

import { expect, test } from 'vitest'

import { reasonWithoutLocal } from './local.ts'
import { seccompFilter } from './seccomp.ts'

const filter = seccompFilter(process.arch)
const missing = filter === undefined ? 'there is none for this processor' : await reasonWithoutLocal()
const hasPerl = spawnSync('perl', ['-e', '']).status === 0

test.skipIf(missing !== undefined || !hasPerl)('lets a run have sockets of its own network, and no others', () => {
  // AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK; AF_ALG and AF_VSOCK; a pair of AF_UNIX and one of AF_TIPC.
  const script = `use Errno 'EAFNOSUPPORT';
    for my $family (1, 2, 10, 16, 38, 40) { print socket(my $s, $family, $family == 38 ? 5 : 2, 0) ? 'yes ' : $! == EAFNOSUPPORT ? 'no ' : "$! " }
    for my $family (1, 30) { print socketpair(my $a, my $b, $family, 1, 0) ? 'yes ' : $! == EAFNOSUPPORT ? 'no ' : "$! " }`
  const words = ['--ro-bind', '/', '/', '--dev', '/dev', '--unshare-net', '--seccomp', '0', '--', 'perl', '-e', script]
  const { stdout, stderr } = spawnSync('bwrap', words, { input: filter, encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(stdout).toBe('yes yes yes yes no no yes no ')
})
