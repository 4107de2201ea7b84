// Instants and durations in words.

const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** `in 20 years`, `3 days ago`, `just now`: the nearest whole number of the largest fitting unit. */
export function sayDistance(iso: string, now: number): string {
  const seconds = Math.round((Date.parse(iso) - now) / 1000)
  const distance = Math.abs(seconds)
  if (distance < 45) return seconds > 0 ? 'in a moment' : 'just now'
  const said = sayDuration(distance)
  return seconds > 0 ? `in ${said}` : `${said} ago`
}

/** `30 days`, `12 hours`, `20 years`. */
export function sayDuration(seconds: number): string {
  if (seconds < 45 * minute) return count(Math.max(1, Math.round(seconds / minute)), 'minute')
  if (seconds < 36 * hour) return count(Math.max(1, Math.round(seconds / hour)), 'hour')
  if (seconds < 700 * day) return count(Math.round(seconds / day), 'day')
  return count(Math.round(seconds / (365.25 * day)), 'year')
}

/** `2026-11-25 22:47:10 UTC`, of an ISO text or milliseconds: the same for everybody, and as the command line writes it. */
export function sayInstant(at: string | number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`
}
