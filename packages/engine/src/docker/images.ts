// Images in a Docker Engine: inspects and pulls them.
import { EngineError } from '../engine-error.ts'
import type { Image, PullOptions, PullProgress } from '../engine.ts'
import { readJsonLines } from '../json-lines.ts'
import { parseImageReference, type ImageReference } from '../image-reference.ts'
import type { Credentials, FindCredentials } from '../credentials.ts'
import type { Daemon } from './daemon.ts'
import { errorOfWords } from '../words-of-engines.ts'

/** @param silenceMs how long a registry may say nothing */
export async function pullImage(
  { client }: Daemon,
  text: string,
  { always = false, onProgress = () => {}, abort }: PullOptions,
  findCredentials: FindCredentials,
  silenceMs: number,
): Promise<Image> {
  const reference = parseImageReference(text)
  const here = await look()
  if (here !== undefined && !always) return here
  const credentials = await findCredentials(reference.registry)
  const late = new AbortController()
  const abortPull = AbortSignal.any([late.signal, ...(abort === undefined ? [] : [abort])])
  const slow = (): void => {
    const sentence = `Nothing came from the registry ${reference.registry} for ${silenceMs / 1000} s`
    late.abort(new EngineError('registry_unreachable', sentence))
  }
  let timer = setTimeout(slow, silenceMs)
  const layers = new Map<string, Layer>()
  try {
    const source = await client.open({
      method: 'POST',
      path: ['images', 'create'],
      query: { fromImage: `${reference.registry}/${reference.repository}`, tag: reference.digest ?? reference.tag },
      headers: credentials === undefined ? {} : { 'X-Registry-Auth': encode(credentials, reference.registry) },
      abort: abortPull,
      // A Docker Engine says nothing before the registry does.
      headMs: silenceMs * 2,
    })
    for await (const line of readJsonLines<PullLine>(source)) {
      clearTimeout(timer)
      timer = setTimeout(slow, silenceMs)
      const words = line.errorDetail?.message ?? line.error
      if (words !== undefined) throw errorOfWords(words)
      if (noteLayer(layers, line)) onProgress(progressOf(layers))
    }
  } catch (error) {
    // An engine that hangs is no registry that is silent.
    if (late.signal.aborted) await client.ask({ path: ['_ping'], abort })
    if (abortPull.aborted) throw abortPull.reason
    throw error instanceof EngineError
      ? error
      : new EngineError('unavailable', 'The engine went away while it pulled an image', { cause: error })
  } finally {
    clearTimeout(timer)
  }
  const pulled = await look()
  if (pulled === undefined) throw new EngineError('image_not_found', `The registry has no image ${text}`)
  return pulled

  async function look(): Promise<Image | undefined> {
    const { status, value } = await client.ask<DockerImage>({ path: ['images', text, 'json'], abort }, { also: [404] })
    return status === 404 ? undefined : imageOf(value, reference)
  }
}

function imageOf({ Id: id, RepoDigests: digests, Config: config }: DockerImage, reference: ImageReference): Image {
  const own = (digests ?? []).map(splitDigest).find(({ name }) => {
    const known = parseImageReference(name)
    return known.registry === reference.registry && known.repository === reference.repository
  })
  return {
    id: id.startsWith('sha256:') ? id : `sha256:${id}`,
    registry: reference.registry,
    repository: reference.repository,
    tag: reference.tag,
    digest: reference.digest ?? own?.digest,
    labels: config?.Labels ?? {},
    entrypoint: config?.Entrypoint ?? [],
    command: config?.Cmd ?? [],
    env: config?.Env ?? [],
    user: config?.User ?? '',
    workingDirectory: config?.WorkingDir ?? '',
  }
}

function splitDigest(text: string): { readonly name: string; readonly digest: string } {
  const at = text.indexOf('@')
  return { name: text.slice(0, at), digest: text.slice(at + 1) }
}

interface Layer {
  readonly phase: PullProgress['phase']
  readonly bytes: number
  readonly totalBytes: number
}

/** Whether the line said how far a layer is. */
function noteLayer(layers: Map<string, Layer>, { id, status = '', progressDetail }: PullLine): boolean {
  if (id === undefined) return false
  const before = layers.get(id)
  const { current = 0, total = before?.totalBytes ?? 0 } = progressDetail ?? {}
  if (status === 'Downloading') layers.set(id, { phase: 'downloading', bytes: current, totalBytes: total })
  else if (/^(?:Download complete|Extracting|Pull complete)$/.test(status)) {
    layers.set(id, { phase: 'unpacking', bytes: total, totalBytes: total })
  } else return false
  return true
}

function progressOf(layers: ReadonlyMap<string, Layer>): PullProgress {
  const all = [...layers.values()]
  const sum = (part: 'bytes' | 'totalBytes'): number => all.reduce((result, layer) => result + layer[part], 0)
  const phase = all.some((layer) => layer.phase === 'downloading') ? 'downloading' : 'unpacking'
  return { phase, bytes: sum('bytes'), totalBytes: sum('totalBytes') }
}

/** For the header: JSON in base64 for URLs, with padding, without which Docker ignores it. */
function encode(credentials: Credentials, registry: string): string {
  const serveraddress = registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry
  const text = Buffer.from(JSON.stringify({ ...credentials, serveraddress })).toString('base64')
  return text.replaceAll('+', '-').replaceAll('/', '_')
}

interface PullLine {
  readonly id?: string
  readonly status?: string
  readonly progressDetail?: { readonly current?: number; readonly total?: number }
  readonly error?: string
  readonly errorDetail?: { readonly message: string }
}

interface DockerImage {
  readonly Id: string
  readonly RepoDigests: readonly string[] | null
  readonly Config: {
    readonly Labels?: Readonly<Record<string, string>> | null
    readonly Entrypoint?: readonly string[] | null
    readonly Cmd?: readonly string[] | null
    readonly Env?: readonly string[] | null
    readonly User?: string
    readonly WorkingDir?: string
  } | null
}
