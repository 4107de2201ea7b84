// The image, the size and the volume of a machine, in words.
import type { Machine } from '@hallpass/client'

/** As the configuration names it, else as the engine found it; empty where neither is known. */
export function imageOf({ config, image_ref: found }: Pick<Machine, 'config' | 'image_ref'>): string {
  const named = config?.['image']
  if (typeof named === 'string') return named
  if (found === undefined) return ''
  const { registry, repository, tag } = found
  return `${registry === '' ? '' : `${registry}/`}${repository}${tag === '' ? '' : `:${tag}`}`
}

/** `1 shared processor, 256 MB of memory`; empty where it is not known. */
export function sizeOf(config: Machine['config']): string {
  const guest = config?.['guest']
  if (typeof guest !== 'object' || guest === null) return ''
  const { cpus, cpu_kind: kind, memory_mb: memory } = guest as Readonly<Record<string, unknown>>
  if (typeof cpus !== 'number' || typeof memory !== 'number') return ''
  const adjective = kind === 'performance' ? 'whole' : 'shared'
  return `${cpus} ${adjective} processor${cpus === 1 ? '' : 's'}, ${memory} MB of memory`
}

/** `data, at /data`; empty where it has none. */
export function volumeOf(config: Machine['config']): string {
  const mounts = config?.['mounts']
  const [mount] = Array.isArray(mounts) ? (mounts as readonly Readonly<Record<string, unknown>>[]) : []
  return mount === undefined ? '' : `${String(mount['name'])}, at ${String(mount['path'])}`
}
