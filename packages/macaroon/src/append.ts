/** Lists that mostly have one element: an array that grows by `push` or by spreading takes room for sixteen. */

/** The list with one more element, to use in its place: a short list is copied, and a long one grows. */
export function append<Item>(list: readonly Item[], item: Item): readonly Item[] {
  if (list.length === 0) return [item]
  if (list.length < longest) return [...list, item]
  // Only this function makes lists of this length.
  ;(list as Item[]).push(item)
  return list
}

const longest = 8
