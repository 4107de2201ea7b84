// Archives of images as the Open Container Initiative writes them (image-spec, "Image Layout"), made without a registry.
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { execFileSync } from 'node:child_process'

export interface Image {
  /** With registry and tag. */
  readonly name: string
  /** A tar archive, not compressed. */
  readonly layers: readonly Buffer[]
  /** As in `config` of the image's own file. */
  readonly config: Readonly<Record<string, unknown>>
}

/** A layer with one program of this machine, at its root. It must need no libraries. */
export function packProgram(name: string): Buffer {
  const path = execFileSync('sh', ['-c', 'command -v "$0"', name], { encoding: 'utf8' }).trim()
  return execFileSync('tar', ['--create', '--dereference', '--directory', dirname(path), basename(path)])
}

/** Writes an archive of images that `ctr images import` reads. @param directory for the parts; it must not exist */
export async function packImages(images: readonly Image[], directory: string): Promise<string> {
  const blobs = join(directory, 'blobs/sha256')
  await mkdir(blobs, { recursive: true })
  const keep = async (mediaType: string, bytes: Buffer) => {
    const hex = createHash('sha256').update(bytes).digest('hex')
    await writeFile(join(blobs, hex), bytes)
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length }
  }
  const keepJson = (mediaType: string, value: unknown) => keep(mediaType, Buffer.from(JSON.stringify(value)))
  const manifests = []
  for (const { name, layers, config } of images) {
    const kept = await Promise.all(layers.map((layer) => keep('application/vnd.oci.image.layer.v1.tar', layer)))
    const rootfs = { type: 'layers', diff_ids: kept.map(({ digest }) => digest) }
    const file = { architecture: process.arch === 'x64' ? 'amd64' : process.arch, os: 'linux', config, rootfs }
    const manifest = await keepJson('application/vnd.oci.image.manifest.v1+json', {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: await keepJson('application/vnd.oci.image.config.v1+json', file),
      layers: kept,
    })
    manifests.push({ ...manifest, annotations: { 'io.containerd.image.name': name } })
  }
  await writeFile(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
  await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
  const archive = `${directory}.tar`
  execFileSync('tar', ['--directory', directory, '--create', '--file', archive, '.'])
  return archive
}
