/** Words of explanations: lists, names, instants and durations. */

import type { Network } from '../caveat.ts'
import { formatNetwork } from '../network.ts'
import type { Selection } from './abilities.ts'

/** Names to show beside numbers. */
export interface Names {
  readonly organizations?: ReadonlyMap<bigint, string>
  readonly apps?: ReadonlyMap<bigint, string>
}

/** `a, b and c`; of long lists the beginning. */
export function sayList(items: readonly string[], last = 'and'): string {
  const shown = shorten(items)
  if (shown.length < 2) return shown[0] ?? 'none'
  return `${shown.slice(0, -1).join(', ')} ${last} ${shown.at(-1)}`
}

/** The first of many, and how many more there are. */
export function shorten(items: readonly string[]): readonly string[] {
  return items.length > mostShown ? [...items.slice(0, mostShown), `${items.length - mostShown} more`] : items
}

/** `web (7)` where 7 has a name. */
export function sayNumber(id: bigint, names: ReadonlyMap<bigint, string> | undefined): string {
  const name = names?.get(id)
  return name === undefined ? String(id) : `${sayText(name)} (${id})`
}

/** A text as it is where it is harmless, else in quotes; never very long. */
export function sayText(text: string): string {
  if (/^[\w.:/@-]{1,80}$/.test(text)) return text
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}

/** `addresses in 10.0.0.0/8 or 2001:db8::/32`. */
export function sayNetworks(networks: readonly Network[]): string {
  return networks.length === 0 ? 'no address at all' : `addresses in ${sayList(networks.map(formatNetwork), 'or')}`
}

export function sayArgs(args: readonly string[]): string {
  const shown = args.slice(0, 20).map(sayText)
  return `[${args.length > shown.length ? [...shown, '…'].join(' ') : shown.join(' ')}]`
}

/** `organization 12`, `organizations 1 and 2`, `every organization`, `every organization but 12`. */
export function saySelection<Id>(noun: string, selection: Selection<Id>, say: (id: Id) => string): string {
  if ('only' in selection) return sayPlural(noun, selection.only.map(say))
  return selection.except.length === 0 ? `every ${noun}` : `every ${noun} but ${sayList(selection.except.map(say))}`
}

/** `app 1`, `apps 1 and 2`. */
export function sayPlural(noun: string, items: readonly string[]): string {
  return `${noun}${items.length === 1 ? '' : 's'} ${sayList(items)}`
}

/** `2026-12-01 00:00:00 UTC (in 3 days)`. */
export function sayInstant(seconds: bigint, now: number | bigint): string {
  const relative = sayDistance(seconds - BigInt(Math.floor(Number(now))))
  if (seconds < firstSecond || seconds > lastSecond) return `second ${seconds} of Unix time (${relative})`
  const text = new Date(Number(seconds) * 1000).toISOString()
  return `${text.slice(0, 19).replace('T', ' ')} UTC (${relative})`
}

const mostShown = 50
// What RFC 3339 can write: the years 1 to 9999.
const firstSecond = -62_135_596_800n
const lastSecond = 253_402_300_799n

function sayDistance(seconds: bigint): string {
  const distance = Number(seconds < 0n ? -seconds : seconds)
  if (distance === 0) return 'now'
  const said = sayDuration(distance)
  return seconds < 0n ? `${said} ago` : `in ${said}`
}

/** The nearest whole number of the largest fitting unit. */
function sayDuration(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  const hours = Math.round(seconds / 3600)
  const days = Math.round(seconds / 86_400)
  if (seconds < 60) return count(seconds, 'second')
  if (minutes < 60) return count(minutes, 'minute')
  if (hours < 48) return count(hours, 'hour')
  if (days < 730) return count(days, 'day')
  return count(Math.round(days / 365.25), 'year')
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`
}
