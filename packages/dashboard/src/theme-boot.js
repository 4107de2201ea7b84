// Runs before the first paint, as a file of its own: the colours that somebody chose are there from the first frame on.
try {
  const chosen = localStorage.getItem('hallpass.theme')
  if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset.theme = chosen
} catch {
  // Storage may be forbidden: then the system's choice counts.
}
