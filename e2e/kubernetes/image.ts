// The image of deploy/Dockerfile, made without a registry and without a builder: of packages of this machine, its Node.js,
// and what `npm run build` left.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, cp, mkdir, readFile, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import type { Image } from '../../interop/kubernetes/images.ts'
import { listPackageFiles } from '../docker.ts'

const root = resolve(import.meta.dirname, '../..')

/** Why it cannot be made; undefined where it can. */
export function reasonWithoutImage(): string | undefined {
  return existsSync(join(root, 'packages/cli/dist/bin/main.js')) ? undefined : 'npm run build did not run'
}

/** @param directory for its parts; it must not exist */
export async function makeImage(name: string, directory: string): Promise<Image> {
  const prefix = join(directory, 'usr/local')
  execFileSync(process.execPath, [join(root, 'scripts/assemble.ts'), prefix], { stdio: 'pipe' })
  await cp(await realpath(process.execPath), join(prefix, 'bin/node'))
  const data = join(directory, 'data')
  await mkdir(data)
  await chmod(data, 0o700)
  const instructions = (await readFile(join(root, 'deploy/Dockerfile'), 'utf8')).replaceAll('\\\n', '')
  const last = instructions.slice(instructions.lastIndexOf('\nFROM '))
  const of = (word: string): string => new RegExp(`^${word} (.*)$`, 'm').exec(last)?.[1] ?? ''
  const [user = 0, group = 0] = of('USER').split(':').map(Number)
  await chown(data, user, group)

  const packages = listPackageFiles('base-files', 'libc6', 'libstdc++6', 'libgcc-s1', 'libatomic1')
  const archive = `${directory}.tar`
  const machine = ['--directory=/', '--no-recursion', '--null', '--files-from=-', '--recursion']
  const words = ['--create', '--file', archive, ...machine, `--directory=${directory}`, 'usr', 'data']
  execFileSync('tar', words, { input: packages.join('\0') })
  const config = {
    User: of('USER'),
    Env: ['PATH=/usr/local/bin:/usr/bin:/bin', ...of('ENV').split(' ')],
    Entrypoint: JSON.parse(of('ENTRYPOINT')) as unknown,
    Cmd: JSON.parse(of('CMD')) as unknown,
    StopSignal: of('STOPSIGNAL'),
  }
  return { name, layers: [await readFile(archive)], config }
}
