// How much is left until an end, in words, and whether that is little.

/** Milliseconds. The authority and its pages draw the line there, too. */
const soon = 7 * 86_400_000

export function endsSoon(endsAt: number, now: number): boolean {
  return endsAt - now <= soon
}

/** `3 days`, `5 hours` or `12 minutes`: what is left at least. Milliseconds. */
export function sayLeft(endsAt: number, now: number): string {
  const minutes = Math.floor((endsAt - now) / 60_000)
  if (minutes < 1) return 'less than a minute'
  if (minutes < 120) return count(minutes, 'minute')
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? count(hours, 'hour') : count(Math.floor(hours / 24), 'day')
}

function count(number: number, unit: string): string {
  return number === 1 ? `1 ${unit}` : `${number} ${unit}s`
}
