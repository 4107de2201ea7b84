// From where somebody is logged in, in words.

/** `Firefox on Linux`, `hallpass on build-box`; what calls itself nothing that a person knows is `A browser` or `A command line`. */
export function sayDevice(kind: 'web' | 'cli', label: string): string {
  const isKnown = label !== '' && label !== 'unknown' && !label.startsWith('Mozilla/')
  return isKnown ? label : kind === 'web' ? 'A browser' : 'A command line'
}
