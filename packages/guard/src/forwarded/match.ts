// Which access a request takes: that of the first rule that is about it.
import type { Segment } from './path.ts'
import type { ForwardedRequest } from './request.ts'
import type { Rule, RuleAccess } from './rule.ts'
import { anyLabel, withoutCase } from './spelling.ts'

/**
 * The access of the first rule about the request; undefined if none is. A request that only some programs take for one that a rule is
 * about is refused too: with other case, or with encoded characters where a rule wants a name.
 */
export function findAccess(
  rules: readonly Rule[],
  request: Omit<ForwardedRequest, 'sentPath'>,
): RuleAccess | undefined {
  for (const rule of rules) {
    if (!isOfHost(rule, request) || rule.methods?.has(request.method) === false) continue
    const found = comparePath(rule, request.path)
    if (found === 'nearly') return undefined
    if (found !== 'other') return fill(rule, found)
  }
  return undefined
}

function isOfHost({ hosts }: Rule, { host }: Pick<ForwardedRequest, 'host'>): boolean {
  if (hosts === undefined) return true
  return host !== undefined && (hosts.has(host) || hosts.has(anyLabel(host)))
}

/** The parts of the path that have names. */
function comparePath(
  { path, isOpen }: Rule,
  segments: readonly Segment[],
): ReadonlyMap<string, string> | 'nearly' | 'other' {
  if (isOpen ? segments.length < path.length : segments.length !== path.length) return 'other'
  const named = new Map<string, string>()
  let isExact = true
  for (const [at, part] of path.entries()) {
    const segment = segments[at]
    if (segment === undefined) return 'other'
    if (part.kind === 'any') {
      isExact &&= part.name === undefined || !segment.isEncoded
      if (part.name !== undefined) named.set(part.name, segment.text)
    } else {
      if (withoutCase(part.text) !== withoutCase(segment.text)) return 'other'
      isExact &&= part.text === segment.text && !segment.isEncoded
    }
  }
  return isExact ? named : 'nearly'
}

function fill({ action, fields }: Rule, named: ReadonlyMap<string, string>): RuleAccess {
  const filled = fields.map(({ name, text, part }) => [name, text ?? named.get(part ?? '') ?? ''] as const)
  return { action, ...Object.fromEntries(filled) }
}
