// A vite plugin: a small script that the page runs before anything is painted, as a hashed file, since nothing may stand inline.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

import type { Plugin } from 'vite'

/** @param path of the script, plain JavaScript without imports */
export function bootScript(path: string): Plugin {
  let base = '/'
  let fileName = ''
  let isServing = false
  return {
    name: 'hallpass-boot-script',
    configResolved(config) {
      base = config.base
      isServing = config.command === 'serve'
    },
    buildStart() {
      if (isServing) return
      const source = readFileSync(path, 'utf8').replaceAll(/^\s*\/\/.*\n/gm, '')
      fileName = `assets/boot-${createHash('sha256').update(source).digest('base64url').slice(0, 8)}.js`
      this.emitFile({ type: 'asset', fileName, source })
    },
    transformIndexHtml() {
      const src = isServing ? `${base}src/theme-boot.js` : base + fileName
      return [{ tag: 'script', attrs: { src }, injectTo: 'head-prepend' }]
    },
  }
}
