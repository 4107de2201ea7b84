// A read-only registry of images for tests: the distribution API, and its ways to fail.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'

export interface Registry {
  /** Host and port. */
  readonly host: string
  /** The digest of the manifest of `acme/busybox:1`, and the id of its image. */
  readonly digest: string
  readonly id: string
  /** The requests, as method and path. */
  readonly asked: readonly string[]
  readonly close: () => Promise<void>
}

/**
 * It has `acme/busybox:1`; `other/busybox:1` for a processor that is not ours; `slow/busybox:1`, whose layer never ends; `silent/busybox:1`, whose manifest never comes;
 * `endless/busybox:1`, which takes a token that never ends; and `moved/busybox:1`, which is at another name of this machine.
 * @param layer the image's one layer, as a tar archive
 * @param login the credentials; without them everybody may read
 */
export async function startRegistry(
  layer: Buffer,
  login?: { readonly user: string; readonly password: string },
): Promise<Registry> {
  const image = imageOf(layer)
  // With a layer of its own, because a shared one would be here already.
  const slow = imageOf(Buffer.concat([layer, Buffer.alloc(1024)]))
  const foreign = { ...describe(types.manifest, image.manifest), platform: { architecture: 's390x', os: 'linux' } }
  const list = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: types.list, manifests: [foreign] }))
  const blobs = new Map([image.config, image.zipped, slow.config].map((blob) => [digestOf(blob), blob]))
  const asked: string[] = []
  const header = login && `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? ''
    asked.push(`${request.method} ${path}`)
    const send = (status: number, kind: string, body: Buffer): void => {
      response.writeHead(status, {
        'Content-Type': kind,
        'Content-Length': body.length,
        'Docker-Content-Digest': digestOf(body),
      })
      response.end(request.method === 'HEAD' ? undefined : body)
    }
    const fail = (status: number, code: string): void =>
      send(
        status,
        'application/json',
        Buffer.from(JSON.stringify({ errors: [{ code, message: code.toLowerCase().replaceAll('_', ' ') }] })),
      )
    const [, repository = '', kind = '', reference = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(path) ?? []
    if (header !== undefined && request.headers.authorization !== header) {
      response.setHeader('WWW-Authenticate', 'Basic realm="test"')
      return fail(401, 'UNAUTHORIZED')
    }
    if (path.startsWith('/token')) {
      const more = (): void => {
        while (response.write(Buffer.alloc(2 ** 16, ' ')));
      }
      response.on('drain', more)
      return more()
    }
    if (repository === 'endless/busybox') {
      response.setHeader('WWW-Authenticate', `Bearer realm="http://${request.headers.host}/token",service="test"`)
      return fail(401, 'UNAUTHORIZED')
    }
    if (repository === 'moved/busybox') {
      const [, port = ''] = request.headers.host?.split(':') ?? []
      response.setHeader('Location', `http://localhost:${port}${path.replace('moved', 'acme')}`)
      return fail(307, 'MOVED')
    }
    if (path === '/v2/') return send(200, 'application/json', Buffer.from('{}'))
    if (kind === 'blobs') {
      if (reference === digestOf(slow.zipped)) {
        response.writeHead(200, { 'Content-Length': slow.zipped.length })
        response.write(slow.zipped.subarray(0, 1000))
        return
      }
      const blob = blobs.get(reference)
      if (blob === undefined) return fail(404, 'BLOB_UNKNOWN')
      return send(200, 'application/octet-stream', blob)
    }
    if (repository === 'silent/busybox') return
    const { manifest } = repository === 'slow/busybox' ? slow : image
    const isKnown = /^(?:acme|slow)\/busybox$/.test(repository)
    if (isKnown && ['1', digestOf(manifest)].includes(reference)) return send(200, types.manifest, manifest)
    if (repository === 'other/busybox') return send(200, types.list, list)
    return fail(404, 'MANIFEST_UNKNOWN')
  }

  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    host: `127.0.0.1:${port}`,
    digest: digestOf(image.manifest),
    id: digestOf(image.config),
    asked,
    close: () => close(server),
  }
}

function imageOf(layer: Buffer): { readonly config: Buffer; readonly zipped: Buffer; readonly manifest: Buffer } {
  const zipped = gzipSync(layer)
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { Env: ['PATH=/bin'], Cmd: ['sh'], Labels: { team: 'red' } },
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
      history: [{ created_by: 'a test' }],
    }),
  )
  const parts = { config: describe(types.config, config), layers: [describe(types.layer, zipped)] }
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: types.manifest, ...parts }))
  return { config, zipped, manifest }
}

const types = {
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  list: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}

function describe(mediaType: string, bytes: Buffer): object {
  return { mediaType, size: bytes.length, digest: digestOf(bytes) }
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
