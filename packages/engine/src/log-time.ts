// The times of log lines: RFC 3339 with up to nanoseconds, as numbers that compare.
import { EngineError } from './engine-error.ts'

/** Since 1970. @throws EngineError `bad_spec` */
export function nanosecondsOf(time: string): bigint {
  const [, whole = '', fraction = '', zone = ''] = /^([\d-]+T[\d:]+)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? []
  const milliseconds = Date.parse(`${whole}${zone}`)
  if (Number.isNaN(milliseconds)) {
    throw new EngineError('bad_spec', 'after must be a time of RFC 3339', { field: 'after' })
  }
  return BigInt(milliseconds / 1000) * billion + BigInt(fraction.padEnd(9, '0') || '0')
}

export const billion = 1_000_000_000n
