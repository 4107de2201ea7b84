// Finds rules to which no request comes, because an earlier rule is about all that they are about.
import type { Rule } from './rule.ts'
import { anyLabel, withoutCase } from './spelling.ts'

/** The place of the first such rule, and that of the earlier one, from 0; undefined if there is none. */
export function findShadowed(rules: readonly Rule[]): { readonly at: number; readonly by: number } | undefined {
  for (const [at, rule] of rules.entries()) {
    const by = rules.findIndex((earlier, place) => place < at && covers(earlier, rule))
    if (by !== -1) return { at, by }
  }
  return undefined
}

/** Whether the other is about nothing else. */
function covers(rule: Rule, other: Rule): boolean {
  return coversMethods(rule, other) && coversPath(rule, other) && coversHosts(rule, other)
}

function coversMethods({ methods }: Rule, other: Rule): boolean {
  if (methods === undefined) return true
  return other.methods !== undefined && [...other.methods].every((method) => methods.has(method))
}

function coversHosts({ hosts }: Rule, other: Rule): boolean {
  if (hosts === undefined) return true
  return other.hosts !== undefined && [...other.hosts].every((host) => hosts.has(host) || hosts.has(anyLabel(host)))
}

function coversPath({ path, isOpen }: Rule, other: Rule): boolean {
  if (isOpen ? other.path.length < path.length : other.isOpen || other.path.length !== path.length) return false
  return path.every((part, at) => {
    const another = other.path[at]
    if (part.kind === 'any') return true
    return another?.kind === 'text' && withoutCase(another.text) === withoutCase(part.text)
  })
}
