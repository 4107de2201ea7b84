// Finds the credentials of a registry where Docker's own command line keeps them: config.json, or the helper that it names.
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

import { EngineError } from './engine-error.ts'

/** What a Docker Engine takes in `X-Registry-Auth`. */
export type Credentials = { readonly username: string; readonly password: string } | { readonly identitytoken: string }

/** Undefined where there are none. */
export type FindCredentials = (registry: string) => Promise<Credentials | undefined>

/**
 * Reads the file again for each pull, because people may have logged in. It is config.json in DOCKER_CONFIG, or else in ~/.docker. From
 * a home that Node's permission model keeps from this process, nobody meant to give it anything.
 */
export function credentialsOfDocker(env: Readonly<Record<string, string | undefined>>): FindCredentials {
  const named = env['DOCKER_CONFIG'] ?? ''
  const file = join(named || join(homedir(), '.docker'), 'config.json')
  const absences = ['ENOENT', 'ENOTDIR', ...(named === '' ? ['ERR_ACCESS_DENIED'] : [])]
  return async (registry) => {
    const config = await readConfig(file, absences)
    // The name under which `docker login` keeps those of Docker Hub.
    const key = registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry
    const helper = config.credHelpers?.[key] ?? config.credsStore
    if (helper !== undefined && helper !== '') return askHelper(helper, key, env)
    const found = config.auths?.[key] ?? config.auths?.[`https://${key}`]
    if (found?.identitytoken !== undefined && found.identitytoken !== '') return { identitytoken: found.identitytoken }
    if (found?.auth === undefined || found.auth === '') return undefined
    const [, username = '', password = ''] = /^([^:]*):([^]*)$/.exec(Buffer.from(found.auth, 'base64').toString()) ?? []
    return { username, password }
  }
}

/** @param absences the codes of errors that mean that there is none */
async function readConfig(file: string, absences: readonly string[]): Promise<Config> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Config
  } catch (cause) {
    if (absences.includes(String(Reflect.get(Object(cause), 'code')))) return {}
    // The parser's message would quote the file.
    throw new EngineError('image_refused', `The credentials of registries cannot be read from ${file}`)
  }
}

/** Speaks to `docker-credential-NAME get`: the registry in, JSON out. */
function askHelper(
  helper: string,
  registry: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`
  const failed = (why: string): EngineError => new EngineError('image_refused', `${program} ${why}`)
  if (!/^[\w.-]+$/.test(helper)) throw failed('is no name of a program')
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { env, stdio: ['pipe', 'pipe', 'ignore'], timeout: 30_000 })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.once('error', () => reject(failed('cannot be started')))
    child.once('close', (code) => {
      const text = Buffer.concat(chunks).toString('utf8')
      if (/credentials not found/.test(text)) return resolve(undefined)
      if (code !== 0) return reject(failed('failed'))
      resolve(credentialsOfHelper(text))
    })
    child.stdin.on('error', () => {})
    child.stdin.end(registry)
  })
}

function credentialsOfHelper(text: string): Credentials | undefined {
  const { Username: username, Secret: password } = JSON.parse(text) as { Username?: string; Secret?: string }
  if (password === undefined) return undefined
  return username === '<token>' ? { identitytoken: password } : { username: username ?? '', password }
}

interface Config {
  readonly auths?: Readonly<Record<string, { readonly auth?: string; readonly identitytoken?: string }>>
  readonly credHelpers?: Readonly<Record<string, string>>
  readonly credsStore?: string
}
