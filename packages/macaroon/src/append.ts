/** Lists of which most have one element: what grows by `push`, or is spread into another, takes room for sixteen. */

/** The list with one more element, which takes its place: a new one while it is short, and the same where copying would add up. */
export function append<Item>(list: readonly Item[], item: Item): readonly Item[] {
  if (list.length === 0) return [item]
  if (list.length < longest) return [...list, item]
  // Only made here, and as long as that.
  ;(list as Item[]).push(item)
  return list
}

const longest = 8
