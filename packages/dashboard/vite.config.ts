// How the dashboard is built: files of the authority's own origin, hashed, nothing inline, nothing from elsewhere.
import { join } from 'node:path'

import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

import { bootScript } from './build/boot-script.ts'
import { precompress } from './build/precompress.ts'

const root = import.meta.dirname
const outDir = join(root, 'dist')

export default defineConfig({
  root,
  plugins: [react(), tailwindcss(), bootScript(join(root, 'src/theme-boot.js')), precompress(outDir)],
  build: {
    outDir,
    emptyOutDir: true,
    target: 'es2023',
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
})
