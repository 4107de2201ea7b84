// How the dashboard is built: files of the authority's own origin, hashed, nothing inline, nothing from elsewhere.
import { join } from 'node:path'

import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

import { answerForms } from './build/answer-forms.ts'
import { bootScript } from './build/boot-script.ts'
import { precompress } from './build/precompress.ts'
import { withoutCiphers } from './build/without-ciphers.ts'

const root = import.meta.dirname
const outDir = join(root, 'dist')

export default defineConfig({
  root,
  plugins: [
    withoutCiphers(),
    answerForms(),
    react(),
    tailwindcss(),
    bootScript(join(root, 'src/theme-boot.js')),
    precompress(outDir),
  ],
  // React has it itself; this is for the Reacts before it did.
  resolve: { alias: [{ find: /^use-sync-external-store\/shim.*$/, replacement: 'react' }] },
  build: {
    outDir,
    emptyOutDir: true,
    target: 'es2023',
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      checks: { pluginTimings: false },
      output: {
        // Few files, because small ones compress badly and each costs a round trip.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            {
              name: 'core',
              test: /@noble|packages\/macaroon\/src\/(?!narrow|network\.|shell-words|label-words|action\.|boundary|errors)|client\/src\/pasted-token|tokens\/(?:created|usage|pasted)|caveats\/(?:explained|access)|src\/inspect/,
              priority: 3,
            },
            {
              name: 'narrow',
              test: /packages\/macaroon\/src\/(?:narrow|network\.|shell-words)|caveats\/narrowing|tokens\/(?:narrow-fields|read-narrowing)/,
              priority: 3,
            },
            {
              name: 'palette',
              test: /shell\/(?:palette\.|combobox|organisation-switcher|use-organisations)/,
              priority: 3,
            },
            {
              // The entry too: a file of its own would name what it takes of this one once more.
              name: 'main',
              test: /node_modules|answer-forms|preload-helper|dashboard\/index\.html|src\/(?:app|main)\.tsx|src\/styles|pages\/(?:login|not-found)-page|packages\/client\/src\/(?!run-labels)|src\/(?:api|session|shell|words)\/|src\/ui\/(?!copy|action-menu)/,
              priority: 1,
            },
            {
              name: 'tokens',
              test: /src\/tokens\/|pages\/tokens-page|src\/ui\/(?:copy|action-menu)/,
              priority: 1,
            },
            {
              name: 'machines',
              test: /src\/machines\/|pages\/machine/,
              priority: 3,
            },
            {
              name: 'more',
              test: /src\/(?:account|members|limits|trust)\/|src\/pages\/(?!tokens-page|inspect-page|login-page|not-found)|tokens\/(?:derived|rename|rotate|revoke|more-filters)|sign-up-form|fragment-code|proof-dialog|shell\/decision|client\/src\/run-labels|ui\/events|words\/(?:audit|device)/,
              priority: 2,
            },
          ],
        },
      },
    },
  },
})
