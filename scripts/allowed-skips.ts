// Says which skipped tests are failures: with HALLPASS_REQUIRE_ALL=1, all but those that need what CI cannot promise.

import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A need that CI cannot promise, and the tests that have it. */
interface Excuse {
  readonly why: string
  /** Of the file's path with the test's full name behind it. */
  readonly tests: RegExp
  /** Whether the excuse counts here; absent means that it does. */
  readonly counts?: boolean
}

const isRoot = process.getuid?.() === 0

/** Programs that `.ci/run` installs where it can, and the tests that need them. Chromium, Go and PostgreSQL are promised. */
const programs: Readonly<Record<string, RegExp>> = {
  'firefox-esr': /^e2e\/dashboard-firefox\.test\.ts /,
  nginx: /^e2e\/(?:proxies|gateways|authorize-rules|sidecar)\.test\.ts nginx/,
  haproxy: /^e2e\/proxies\.test\.ts haproxy/,
  caddy:
    /^e2e\/(?:(?:proxies|gateways|authorize-rules|several|sidecar)\.test\.ts .*caddy|container\.test\.ts .*Caddy)/i,
  traefik: /^e2e\/(?:authorize-rules|sidecar)\.test\.ts traefik/,
  envoy: /^e2e\/(?:authorize-rules|sidecar)\.test\.ts envoy/,
  pgbouncer: /^e2e\/pgbouncer\.test\.ts /,
  zsh: /^e2e\/completion\.test\.ts .*zsh/,
  fish: /^e2e\/completion\.test\.ts .*fish/,
  gcc: /^e2e\/(?:store-trouble\.test\.ts a disk that fails|machines-\w+\.test\.ts .*a program inside)/,
  openssl:
    /^(?:packages\/cli\/src\/connection\.test\.ts TLS|packages\/engine\/src\/docker\/pulls\.test\.ts .*TLS|e2e\/web-browser\.test\.ts behind a proxy)/,
  'systemd-analyze': /^e2e\/service\.test\.ts /,
  dockerd: /^(?:packages\/engine\/src\/docker\/(?:docker|pulls)|e2e\/[\w-]*machines[\w-]*)\.test\.ts /,
  busybox:
    /^(?:packages\/engine\/src\/(?:docker\/(?:docker|pulls|podman)|local\/[\w-]+)|e2e\/[\w-]*machines[\w-]*)\.test\.ts /,
  bwrap: /^(?:packages\/engine\/src\/local\/[\w-]+\.test\.ts |e2e\/machines-engines\.test\.ts .*local)/,
  podman: /^(?:packages\/engine\/src\/docker\/podman\.test\.ts |e2e\/machines-engines\.test\.ts .*Podman)/,
  catatonit: /^(?:packages\/engine\/src\/docker\/podman\.test\.ts |e2e\/machines-engines\.test\.ts .*Podman)/,
  script: /^(?:packages\/cli\/src\/hallpass\.test\.ts|e2e\/(?:story|completion|cli-login|dashboard-create)\.test\.ts) /,
}

function isThere(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}

/** Whether root may limit memory here, as only a machine of its own or a privileged container may. */
function isLocalPossible(): boolean {
  const root = '/sys/fs/cgroup'
  const folder = existsSync(join(root, 'cgroup.controllers')) ? root : join(root, 'memory')
  try {
    accessSync(join(folder, 'cgroup.procs'), constants.W_OK)
    return true
  } catch {
    return false
  }
}

const excuses: readonly Excuse[] = [
  ...Object.entries(programs).map(([program, tests]) => ({
    tests,
    why: `there is no ${program} here`,
    counts: !isThere(program),
  })),
  {
    tests: /^e2e\/flyctl\/flyctl\.test\.ts /,
    why: 'no package brings flyctl; what it said is played by replay.test.ts',
  },
  { tests: /^packages\/cli\/src\/commands\/flyctl\/env\.test\.ts .*pwsh/, why: 'Debian has no package of PowerShell' },
  {
    tests:
      /^(?:(?:e2e\/kubernetes\/[\w-]+|packages\/engine\/src\/kubernetes\/[\w-]*cluster)\.test\.ts |e2e\/machines-(?:clients|engines|story)\.test\.ts .*Kubernetes)/,
    why: 'a Kubernetes takes minutes to build and to try: npm run test:kubernetes',
  },
  { tests: /^e2e\/old-node\.test\.ts /, why: 'no registry promises a Node 20 or 22 beside ours' },
  {
    tests: /^(?:e2e\/store-trouble|packages\/authority\/src\/store\/sqlite-trouble)\.test\.ts .*full/,
    why: 'not every container may mount a disk',
  },
  {
    tests:
      /^(?:packages\/engine\/src\/(?:docker\/(?:docker|pulls|podman)|local\/[\w-]+)|e2e\/[\w-]*machines[\w-]*)\.test\.ts /,
    why: 'not every container may make a network namespace',
    counts: spawnSync('unshare', ['--net', 'true'], { stdio: 'ignore' }).status !== 0,
  },
  {
    tests: /^packages\/engine\/src\/local\/control-groups\.test\.ts control groups of version 2/,
    why: 'not every machine has them, where we may write',
  },
  {
    tests:
      /^(?:packages\/engine\/src\/local\/(?:local|images|seccomp|survival)\.test\.ts |e2e\/machines-engines\.test\.ts .*local)/,
    why: 'not every container may write to control groups',
    counts: !isLocalPossible(),
  },
  { tests: /^e2e\/container\.test\.ts a container/, why: 'not every container may start a Docker of its own' },
  { tests: /^e2e\/container\.test\.ts .*docker compose/, why: 'Debian 12 has no package of Docker Compose 2' },
  {
    tests: /^packages\/cli\/src\/credential-source\.test\.ts .*cannot be written to/,
    why: 'root can write everywhere',
    counts: isRoot,
  },
  {
    tests: /^e2e\/(?:doctor|lost-files)\.test\.ts /,
    why: 'only root can give a file to somebody else',
    counts: !isRoot,
  },
]

/** Why the test may be skipped where every test is required; undefined where it may not. */
export function excuseOf(file: string, name: string): string | undefined {
  return excuses.find(({ tests, counts = true }) => counts && tests.test(`${file} ${name}`))?.why
}
