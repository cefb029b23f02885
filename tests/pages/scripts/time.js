// How long an opaque answer takes another origin, in milliseconds, so many times.
async ([address, times]) => {
  const took = []
  for (let count = 0; count < times; count++) {
    const begun = performance.now()
    try {
      await fetch(address, { mode: 'no-cors', credentials: 'include', cache: 'no-store' })
    } catch {
      // A refusal takes time as well.
    }
    took.push(performance.now() - begun)
  }
  return took
}
