// What a page of another origin can observe of one address of ours, as one plain value.
async (address) => {
  const here = document.getElementById('here')
  const seen = {}
  const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

  // An element that loads something: did it load, did it fail, and how big did it become?
  const included = (name, make) =>
    new Promise((resolve) => {
      const element = make()
      const end = (how) => {
        seen[name] = { how, width: element.naturalWidth, frames: element.contentWindow?.length }
        element.remove()
        resolve()
      }
      element.onload = () => end('load')
      element.onerror = () => end('error')
      // Long: each of these says load or error, on a busy machine late.
      setTimeout(() => end('silence'), 30000)
      here.append(element)
    })
  const element = (tag, values) => Object.assign(document.createElement(tag), values)

  const before = history.length
  await included('frame', () => element('iframe', { src: address }))
  await included('script', () => element('script', { src: address }))
  await included('image', () => element('img', { src: address }))
  await included('style', () => element('link', { rel: 'stylesheet', href: address }))
  await included('object', () => element('object', { data: address }))
  await included('prefetch', () => element('link', { rel: 'prefetch', href: address }))
  await included('preload', () => element('link', { rel: 'preload', as: 'fetch', href: address }))
  seen.history = history.length - before

  for (const [name, options] of Object.entries({
    opaque: { mode: 'no-cors', credentials: 'include' },
    noRedirects: { mode: 'no-cors', credentials: 'include', redirect: 'error' },
    cors: { mode: 'cors', credentials: 'include' },
    post: { mode: 'no-cors', credentials: 'include', method: 'POST', body: new URLSearchParams({ surname: 'Smith' }) },
  })) {
    try {
      const answer = await fetch(address, { ...options, cache: 'no-store' })
      seen[name] = { type: answer.type, status: answer.status, redirected: answer.redirected }
    } catch (error) {
      seen[name] = { refused: error.name }
    }
  }
  seen.entries = performance
    .getEntriesByName(address)
    .map((entry) => [entry.initiatorType, entry.responseStatus, entry.transferSize, entry.redirectStart > 0].join())
    .sort()

  // A window of its own: does it stay in reach, how many frames has it, where in its history is it?
  const opened = window.open(address, '_blank')
  // On a busy machine the answer takes its time; what counts is what the window is in the end.
  for (let tries = 0; tries < 300 && opened && !opened.closed; tries++) await wait(100)
  seen.window = { closed: opened === null || opened.closed }
  for (const what of ['length', 'history', 'document']) {
    try {
      const value = opened[what]
      seen.window[what] = typeof value === 'number' ? value : typeof value
    } catch (error) {
      seen.window[what] = error.name
    }
  }
  opened?.close()
  return seen
}
