/** An incomplete configuration stops the server here, with one sentence, and not a visitor later. */
try {
  const { assertConfigured } = await import('./session')
  assertConfigured()
} catch (error) {
  console.error(error instanceof Error ? error.message : 'The configuration can not be read.')
  process.exit(1)
}

export {}
