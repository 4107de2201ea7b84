// What a machine gets of its host: processors and memory, by size or one by one, within the limits of the Machines API.
import { z } from 'zod'

const kinds = {
  shared: { cpus: [1, 2, 4, 6, 8], least: 256, most: 2048 },
  performance: { cpus: Array.from({ length: 16 }, (_, at) => at + 1), least: 2048, most: 8192 },
} as const
/** Megabytes. */
const step = 256

/** A setting that is not supported: an error is better than another machine than the request wants. */
export function notServed(why: string, same: readonly unknown[] = []) {
  return z.unknown().refine((given) => isEmpty(given) || same.includes(given), { error: `is not served: ${why}` })
}

function isEmpty(given: unknown): boolean {
  return typeof given === 'object' && given !== null ? Object.keys(given).length === 0 : !given
}

const positive = z.number().int().min(0).max(1_000_000)

export const guest = z.looseObject({
  cpu_kind: z.enum(['shared', 'performance', '']).nullish(),
  cpus: positive.nullish(),
  memory_mb: positive.nullish(),
  gpus: notServed('this authority has no graphics processors').optional(),
  gpu_kind: notServed('this authority has no graphics processors').optional(),
})

/** A guest with nothing left to choose. */
export interface WholeGuest {
  readonly cpu_kind: keyof typeof kinds
  readonly cpus: number
  readonly memory_mb: number
  readonly [key: string]: unknown
}

/**
 * The guest in full. The smallest of its kind where something is left out.
 * @throws RangeError that says what is wrong, as what follows the name of the field
 */
export function completeGuest(given: z.output<typeof guest> | undefined, size: string | undefined): WholeGuest {
  if (size !== undefined && given !== undefined)
    throw new RangeError('and size are two ways to say one thing: give one')
  const { cpu_kind: kind, cpus, memory_mb: memory, ...others } = { ...given, ...readSize(size) }
  const of = kinds[kind || 'shared']
  const chosen = cpus || 1
  if (!of.cpus.some((each) => each === chosen)) {
    throw new RangeError(
      `has cpus of which there are not so many: ${kind || 'shared'} ones come as ${of.cpus.join(', ')}`,
    )
  }
  const [least, most] = [of.least * chosen, of.most * chosen]
  const megabytes = memory || least
  if (megabytes < least || megabytes > most || megabytes % step !== 0) {
    throw new RangeError(
      `has another memory_mb than goes with its cpus: ${least} to ${most}, in steps of ${step}, with ${chosen} ${kind || 'shared'}`,
    )
  }
  return { ...others, cpu_kind: kind || 'shared', cpus: chosen, memory_mb: megabytes }
}

/** `shared-cpu-2x`, `performance-4x`. */
function readSize(size: string | undefined): { readonly cpu_kind?: keyof typeof kinds; readonly cpus?: number } {
  if (size === undefined) return {}
  const [, kind, cpus] = /^(shared-cpu|performance)-(\d{1,3})x$/.exec(size) ?? []
  if (kind === undefined) throw new RangeError('is not given, and size is none of shared-cpu-1x … performance-16x')
  return { cpu_kind: kind === 'performance' ? 'performance' : 'shared', cpus: Number(cpus) }
}
