// Reads an image from a registry (OCI distribution specification), with the credentials that people have for it.
import type { Credentials, FindCredentials } from '../credentials.ts'
import { createHash } from 'node:crypto'

import { EngineError } from '../engine-error.ts'
import type { ImageReference } from '../image-reference.ts'
import { parseJson, platform, unusable, type ImageSource } from './image-source.ts'

export interface RegistryOptions {
  readonly reference: ImageReference
  readonly credentials: FindCredentials
  /** How long it may say nothing. */
  readonly silenceMs: number
  readonly abort: AbortSignal | undefined
}

/** Reads the manifest and the configuration; layers are read when they are opened. */
export async function openRegistry({
  reference,
  credentials,
  silenceMs,
  abort,
}: RegistryOptions): Promise<ImageSource> {
  const { registry, repository } = reference
  const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry
  // As Docker does: without TLS on this machine alone.
  const isLocal = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/.test(host)
  const base = `${isLocal ? 'http' : 'https'}://${host}/v2/${repository}`
  let authorization: string | undefined

  /** A registry must not send our requests to services of this machine or its network. */
  function isAllowed({ protocol, host: at }: URL): boolean {
    return isLocal ? protocol === 'http:' && at === host : protocol === 'https:'
  }

  async function ask(path: string, accept = '*/*'): Promise<AsyncGenerator<Uint8Array>> {
    for (let attempt = 1; ; attempt += 1) {
      const patience = startPatience(registry, silenceMs, abort)
      try {
        const headers = { accept, ...(authorization === undefined ? {} : { authorization }) }
        const response = await follow(`${base}/${path}`, { headers, signal: patience.signal })
        if (response.ok && response.body !== null) return patience.read(response.body)
        await response.body?.cancel()
        patience.end()
        if (response.status !== 401 || attempt === 2) throw refusal(response.status, registry)
        authorization = await authorize(response.headers.get('www-authenticate') ?? '')
      } catch (error) {
        patience.end()
        throw patience.errorOf(error)
      }
    }
  }

  /** @param challenge RFC 9110, section 11.6.1 */
  async function authorize(challenge: string): Promise<string> {
    const found = await credentials(registry)
    if (/^basic/i.test(challenge)) {
      if (found === undefined || 'identitytoken' in found) throw refusal(401, registry)
      return basic(found)
    }
    const [, realm = ''] = /realm="([^"]*)"/.exec(challenge) ?? []
    const [, service = ''] = /service="([^"]*)"/.exec(challenge) ?? []
    if (!URL.canParse(realm) || !isAllowed(new URL(realm))) throw refusal(401, registry)
    const query = new URLSearchParams({ service, scope: `repository:${repository}:pull` })
    const isToken = found !== undefined && 'identitytoken' in found
    if (isToken) query.set('refresh_token', found.identitytoken)
    if (isToken) query.set('grant_type', 'refresh_token')
    const response = await follow(isToken ? realm : `${realm}?${query.toString()}`, {
      ...(isToken ? { method: 'POST', body: query } : {}),
      ...(found === undefined || isToken ? {} : { headers: { authorization: basic(found) } }),
      signal: AbortSignal.any([AbortSignal.timeout(silenceMs), ...(abort === undefined ? [] : [abort])]),
    })
    if (!response.ok || response.body === null) {
      await response.body?.cancel()
      throw refusal(response.status === 404 ? 401 : response.status, registry)
    }
    const answer = parseJson(await readPart(response.body)) as {
      readonly token?: string
      readonly access_token?: string
    }
    return `Bearer ${answer.token ?? answer.access_token ?? ''}`
  }

  /** Images are often elsewhere, and only the registry itself gets credentials and a body. */
  async function follow(address: string, { signal, ...own }: RequestInit): Promise<Response> {
    let url = new URL(address)
    const headers = new Headers(own.headers)
    headers.delete('authorization')
    for (let hops = 0; hops < mostHops; hops += 1) {
      const asked = url.origin === new URL(address).origin ? own : { headers }
      const response = await fetch(url, { ...asked, signal: signal ?? null, redirect: 'manual' })
      const place = response.headers.get('location')
      if (place === null || ![301, 302, 303, 307, 308].includes(response.status)) return response
      await response.body?.cancel()
      url = new URL(place, url)
      if (!isAllowed(url)) break
    }
    throw new EngineError('registry_unreachable', `The registry ${registry} sends elsewhere, where nothing is asked`)
  }

  async function readManifest(name: string): Promise<{ readonly digest: string; readonly manifest: Manifest }> {
    const bytes = await readPart(await ask(`manifests/${name}`, types.join(', ')))
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    if (name.startsWith('sha256:') && name !== digest) throw unusable('its manifest is not what its digest says')
    const manifest = parseJson(bytes) as Manifest
    if (manifest.manifests === undefined) return { digest, manifest }
    const own = manifest.manifests.find(({ platform: one }) => one?.architecture === platform && one.os === 'linux')
    if (own === undefined) throw unusable('there is none for this kind of machine')
    return { digest, manifest: (await readManifest(digestIn(own))).manifest }
  }

  const { digest, manifest } = await readManifest(reference.digest ?? reference.tag ?? 'latest')
  const config = await readPart(await ask(`blobs/${digestIn(manifest.config)}`))
  if (`sha256:${createHash('sha256').update(config).digest('hex')}` !== manifest.config?.digest) {
    throw unusable('its configuration is not what its digest says')
  }
  // For layers the digest of the uncompressed content is checked.
  const layers = (manifest.layers ?? []).map((layer) => ({
    size: layer.size,
    open: () => ask(`blobs/${digestIn(layer)}`),
  }))
  return { digest, config, layers }
}

/** Gives up on a registry that is silent for too long; the whole may take any time. */
function startPatience(registry: string, silenceMs: number, abort: AbortSignal | undefined) {
  const late = new AbortController()
  const begin = (): NodeJS.Timeout => setTimeout(() => late.abort(), silenceMs)
  let timer = begin()
  const errorOf = (error: unknown): unknown => {
    abort?.throwIfAborted()
    if (late.signal.aborted) {
      const sentence = `Nothing came from the registry ${registry} for ${silenceMs / 1000} s`
      return new EngineError('registry_unreachable', sentence)
    }
    if (error instanceof EngineError) return error
    return new EngineError('registry_unreachable', `The registry ${registry} cannot be reached`, { cause: error })
  }
  return {
    signal: AbortSignal.any([late.signal, ...(abort === undefined ? [] : [abort])]),
    end: () => clearTimeout(timer),
    errorOf,
    async *read(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      try {
        for await (const chunk of body) {
          clearTimeout(timer)
          yield chunk
          timer = begin()
        }
      } catch (error) {
        throw errorOf(error)
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

function refusal(status: number, registry: string): EngineError {
  if (status === 404) return new EngineError('image_not_found', `The registry ${registry} has no such image`)
  if (status === 401 || status === 403) {
    return new EngineError('image_refused', `The registry ${registry} refuses to give the image`)
  }
  return new EngineError('registry_unreachable', `The registry ${registry} answered ${status}`)
}

function basic({ username, password }: Extract<Credentials, { readonly username: string }>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function digestIn(part: Described | undefined): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(part?.digest ?? ''))
    throw unusable('it names a part by something that is no digest')
  return part?.digest ?? ''
}

interface Described {
  readonly digest: string
  readonly size?: number
  readonly platform?: { readonly architecture?: string; readonly os?: string }
}

interface Manifest {
  readonly manifests?: readonly Described[]
  readonly config?: Described
  readonly layers?: readonly Described[]
}

const types = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]
const maxPart = 2 ** 22
const mostHops = 5

async function readPart(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxPart) throw unusable('what describes it is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
