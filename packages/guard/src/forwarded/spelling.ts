// How hosts and parts of paths are compared.

/** As a rule spells a host of which the first label may be any. */
export function anyLabel(host: string): string {
  return host.replace(/^[^.]+/, '*')
}

/** Programs compare small letters or capitals: `ı` is only then an `i`, and `ß` an `ss`. */
export function withoutCase(text: string): string {
  return text.toUpperCase().toLowerCase()
}
