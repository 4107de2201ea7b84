// The version of this program.
import { readFile } from 'node:fs/promises'

/** The manifest lies one folder up, both from `src` and from the built file. */
export async function readVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  return String(Reflect.get(Object(manifest), 'version'))
}
