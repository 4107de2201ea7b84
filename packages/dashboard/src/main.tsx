// Starts the dashboard in the page.
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

import { App } from './app.tsx'
import './styles.css'

const root = document.querySelector('#root')
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App origin={location.origin} />
    </StrictMode>,
  )
}
