import { drawCurve } from '/curve.js'

const find = (id) => document.getElementById(id)
const [form, prompt, temperature, tokens, send, stop] = ['form', 'prompt', 'temperature', 'tokens', 'send', 'stop'].map(
  find,
)

const run = await (await fetch('/run.json')).json()
find('model').textContent =
  `${run.model.id}: ${run.model.vocabularySize.toLocaleString('en')} tokens, texts of up to ${run.model.maxPositions}`
tokens.value = String(Math.min(100, run.model.maxPositions))
if (run.losses.length > 1) {
  find('training').hidden = false
  drawCurve(find('curve'), run)
  find('caption').textContent = 'The loss of every update; dots are held-out text.'
  if (run.report) showReport(run.report)
}

function showReport({ model, bigram, trigram, tokens: count, overBigram }) {
  const rows = [
    ['this model', model],
    ['interpolated bigram', bigram],
    ['Kneser-Ney trigram', trigram],
  ]
  const table = find('report')
  const row = (...cells) => {
    const tr = table.insertRow()
    for (const cell of cells) tr.insertCell().textContent = cell
  }
  row(`held-out loss on ${count.toLocaleString('en')} tokens`, 'nats a token')
  for (const [name, nats] of rows) row(name, nats.toFixed(3))
  row(
    'better than the bigram by (95 % interval)',
    `${overBigram.mean.toFixed(3)} (${overBigram.low.toFixed(3)} to ${overBigram.high.toFixed(3)})`,
  )
}

temperature.addEventListener('input', () => {
  find('temperature-shown').textContent = Number(temperature.value).toFixed(1)
})
prompt.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey) {
    event.preventDefault()
    form.requestSubmit()
  }
})
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const text = prompt.value
  if (send.disabled || text === '') return
  prompt.value = ''
  await write(text)
})

/** One message: what was given, what the model writes after it, and how fast. */
async function write(text) {
  const item = document.createElement('li')
  const [given, written, note] = ['span', 'span', 'small'].map((name) => document.createElement(name))
  given.className = 'given'
  given.textContent = text
  written.className = 'written'
  item.append(given, written, note)
  find('messages').append(item)
  const controller = new AbortController()
  const abort = () => controller.abort()
  stop.addEventListener('click', abort)
  send.disabled = true
  stop.hidden = false
  const begun = performance.now()
  let usage = null
  try {
    for await (const chunk of chunks(text, controller.signal)) {
      if (chunk.error) throw new Error(chunk.error.message)
      written.textContent += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
      item.scrollIntoView({ block: 'nearest' })
    }
    const seconds = (performance.now() - begun) / 1000
    if (usage)
      note.textContent = `${usage.prompt_tokens} tokens read, ${usage.completion_tokens} written in ${seconds.toFixed(1)} s`
  } catch (error) {
    note.textContent = controller.signal.aborted ? 'stopped' : error.message
    if (!controller.signal.aborted) note.className = 'error'
  }
  stop.removeEventListener('click', abort)
  send.disabled = false
  stop.hidden = true
  prompt.focus()
}

/** The chunks of a streamed chat completion. */
async function* chunks(text, signal) {
  const answer = await fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    signal,
    body: JSON.stringify({
      model: run.model.id,
      messages: [{ role: 'user', content: text }],
      temperature: Number(temperature.value),
      top_p: 0.95,
      max_tokens: Number(tokens.value),
      stream: true,
      stream_options: { include_usage: true },
    }),
  })
  if (!answer.ok) throw new Error((await answer.json()).error.message)
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const events = (rest + part.value).split('\n\n')
    rest = events.pop()
    for (const event of events) if (event !== 'data: [DONE]') yield JSON.parse(event.slice('data: '.length))
  }
}
