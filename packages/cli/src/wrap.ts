// Breaks text into lines.

/** Lines of at most `width` characters, broken at spaces but none between backticks; a longer word has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.match(/(?:`[^`]*`|[^ `]|`)+/g) ?? []) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Fills paragraphs. An indented line stays a line; if it has columns, the last one is wrapped within its column. */
export function fill(text: string, width: number): string {
  return text
    .replace(/^(?! )(.+)\n(?=[^ \n])/gm, '$1 ')
    .split('\n')
    .flatMap((line) => {
      if (line.length <= width) return [line]
      const [, left = '', right = line] = /^( +(?:\S+ )*\S+ {2,})(\S.*)$/.exec(line) ?? []
      if (left.length <= width / 2) return indent(wrap(right, width - left.length), left)
      return [left.trimEnd(), ...indent(wrap(right, width - deeper.length), deeper)]
    })
    .join('\n')
}

const deeper = '      '

function indent(lines: readonly string[], left: string): string[] {
  return lines.map((line, index) => (index === 0 ? left : ' '.repeat(left.length)) + line)
}
