// A Docker engine of a test's own, without a registry, a network bridge or a trace of it afterwards; and images made from
// the Debian packages of this machine.
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, lstatSync, openSync, readdirSync, realpathSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

import { hasProgram } from '../packages/engine/src/local/programs.ts'

export interface Docker {
  /** What the command prints; fails where it ends with another code than 0. */
  readonly docker: (...words: string[]) => Promise<string>
  /** The same of a command that is given something to read. */
  readonly feed: (input: string | Buffer, ...words: string[]) => string
  /** Makes an image of a directory, and of these files of this machine. */
  readonly importTree: (image: string, tree: string, files?: readonly string[]) => void
  /** Ends everything that runs in it, and removes all that it kept. */
  readonly stop: () => Promise<void>
}

/** Why this machine has none; undefined where one may be tried. */
export function reasonWithoutDocker(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it takes root, on Linux'
  for (const program of ['dockerd', 'docker', 'dpkg', 'tar']) {
    if (!hasProgram(program)) return `there is no ${program}`
  }
  return undefined
}

/** @throws Error with the last line of its log where it does not start */
export async function startDocker(): Promise<Docker> {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-docker-'))
  const at = (name: string): string => join(directory, name)
  await writeFile(at('daemon.json'), '{}')
  const places = ['--config-file', at('daemon.json'), '--data-root', at('data'), '--exec-root', at('exec')]
  const alone = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--pidfile', at('pid')]
  const host = `unix://${at('socket')}`
  // A pipe would be full at some time, while we wait for a command, and it for us.
  const log = openSync(at('log'), 'a')
  const daemon = spawn('dockerd', [...places, ...alone, '--host', host], { env, stdio: ['ignore', 'ignore', log] })
  closeSync(log)
  const ended = new Promise<void>((resolve) => daemon.once('exit', () => resolve()))
  const all = { env: { ...env, DOCKER_HOST: host, DOCKER_BUILDKIT: '0', DOCKER_CONFIG: directory }, maxBuffer: 2 ** 26 }
  const run = promisify(execFile)

  async function stop(): Promise<void> {
    daemon.kill('SIGTERM')
    await ended
    const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4] ?? '')
    for (const mount of mounts.filter((name) => name.startsWith(`${directory}/`)).toReversed())
      spawnSync('umount', ['--lazy', mount])
    await rm(directory, { recursive: true, force: true })
  }
  while (!existsSync(at('socket')) || spawnSync('docker', ['version'], { ...all, stdio: 'ignore' }).status !== 0) {
    if (daemon.exitCode !== null) {
      const words = (await readFile(at('log'), 'utf8')).trim().split('\n').at(-1)
      await stop()
      throw new Error(words)
    }
    await pause(50)
  }
  const feed = (input: string | Buffer, ...words: string[]): string =>
    execFileSync('docker', words, { ...all, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })
  return {
    docker: async (...words) => (await run('docker', words, { ...all, encoding: 'utf8' })).stdout.trim(),
    feed,
    importTree(image, tree, files = []) {
      const machine = ['--directory=/', '--no-recursion', '--null', '--files-from=-', '--recursion']
      const words = ['--create', '--file', at('tree.tar'), ...machine, `--directory=${tree}`, ...readdirSync(tree)]
      execFileSync('tar', words, { input: files.join('\0') })
      feed('', 'import', '--change', `ENV PATH=${path}`, at('tree.tar'), image)
    },
    stop,
  }
}

/** All files of these Debian packages, as paths from the root, with the links through which they are found. */
export function listPackageFiles(...packages: string[]): string[] {
  const listed = execFileSync('dpkg', ['--listfiles', ...packages], { encoding: 'utf8', maxBuffer: 2 ** 24 })
  const wanted = listed.split('\n').filter((file) => file.startsWith('/') && !file.startsWith('/usr/share/'))
  // Packages name /lib, which is a link to /usr/lib by now.
  const real = wanted
    .filter((file) => existsSync(file) && !lstatSync(file).isDirectory())
    .map((file) => join(realpathSync(dirname(file)), basename(file)))
  return [...new Set(['/bin', '/lib', '/lib64', '/sbin', ...real])].map((file) => file.slice(1))
}

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` }
