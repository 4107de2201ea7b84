/** Lists of which most have one element: what grows by `push`, or is spread into another, takes room for sixteen. */

/** A list with one more element; for lists that are short. */
export function append<Item>(list: readonly Item[], item: Item): readonly Item[] {
  return list.length === 0 ? [item] : [...list, item]
}
