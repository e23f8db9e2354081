/** A page to begin with. */
export interface PageExample {
  readonly name: string
  readonly html: string
}

const site = (title: string, main: string): string => `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>${title}</title>
  <style>nav li { display: inline; margin-right: 1em } .cookie-banner { background: #eee; padding: 1em }</style>
</head>
<body>
<nav>
  <ul>
    <li><a href="/">Home</a></li>
    <li><a href="/topics">Topics</a></li>
    <li><a href="/about">About us</a></li>
    <li><a href="/newsletter">Newsletter</a></li>
  </ul>
</nav>
<div class="cookie-banner">
  We value your privacy. <button>Accept all</button> <button>Settings</button>
</div>
<main>
${main}
</main>
<footer>
  <p>&copy; The Harbour Review. <a href="/imprint">Imprint</a> <a href="/privacy">Privacy</a></p>
</footer>
</body>
</html>
`

/** What a magazine sets large among the paragraphs, and here twice. */
const PULL_QUOTE = `<blockquote><p>"The times are printed a year ahead, and they are never wrong."</p></blockquote>
`

const article = (quote = ''): string =>
  site(
    'The mill that ran on the moon',
    `<article>
<h1>The mill that ran on the moon</h1>
<p>Long before there was a power station on the estuary, there was a mill that took its strength from the sea.
Twice a day the rising tide pushed open a pair of wooden gates and filled a pond behind the village; when the
water turned, its own weight shut the gates again, and the pond was full.[1]</p>
<p>The miller then waited. Only when the river outside had fallen low enough did he lift the sluice, and the pond
ran out beneath the wheel for about five hours. Because the tides come fifty minutes later every day, he kept no
hours that his neighbours could follow: he ground corn at noon in one week and at midnight in the next.</p>
${quote}<p>By reading on you agree to our use of cookies.</p>
<h2>Why the wheel was small</h2>
<p>Visitors often ask why so large a pond should turn so small a wheel. The answer is that a tide mill has plenty
of water but very little height to drop it from. A broad and shallow wheel makes the most of such a fall, and it
can be repaired with timber that a village carpenter has in his yard.</p>
${quote}<p>The last flour left the mill in 1921, and the pond silted up within a generation. In 1998 a group of
volunteers dug it out by hand, hung new gates of oak, and found that the old stones still fitted. "It started as
if it had been stopped the night before," said Ellen Marsh, who has looked after the machinery ever since.</p>
<p>Share this</p>
<p>Today the mill grinds on open days between April and October, provided that the moon agrees. The times are
printed a year ahead, and they are never wrong.</p>
</article>`,
  )

const goods = [
  'Hand saw with a beech handle, cuts green wood on the pull, EUR 19.90',
  'Claw hammer of forged steel, good for both roofs and fences, EUR 14.50',
  'Glue for indoor joints that have to hold, dries clear overnight, EUR 8.95',
  'Spirit level made from one piece of aluminium, two vials, EUR 22.00',
  'Set of chisels in a canvas roll, sharpened before they leave us, EUR 31.40',
  'Tape measure, five metres, locks by itself when you let go, EUR 6.20',
  'Cordless drill and a second battery, charged in half an hour, EUR 89.00',
  'Box of screws sorted by length, enough for a garden shed, EUR 17.80',
  'Sanding paper that stays flexible when it gets wet, EUR 4.10',
  'Work gloves sewn without a seam at the fingertips, EUR 7.60',
  'Safety glasses which fit over your own, clear lenses, EUR 9.30',
  'Folding rule, lime wood, printed with inches on the back, EUR 5.40',
]

const shop = site(
  'Tools on offer',
  `<article>
<h1>Tools on offer this week</h1>
<ul>
${goods.map((good) => `  <li>${good}</li>`).join('\n')}
</ul>
<p>Delivery within three days to every address in the country</p>
<p>Returns are free for a month, also after the seal has been opened</p>
</article>`,
)

const template = site(
  'A new site',
  `<article>
<h1>Welcome to the site of our workshop</h1>
<p>We build furniture to order in a small workshop by the river, and we have done so with the same two benches for
more than twenty years. Every piece begins with a drawing that we make together with you at the kitchen table.</p>
<p>The wood comes from forests that we know, and most of the trees have been felled within a day's drive of the
workshop. We let the boards dry for two winters before we cut them, so that nothing moves when the heating is on.</p>
<p>Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.</p>
<p>If you would like to see what we are working on, come to the open day in May. There is coffee, and there is a
tour of the timber store. Please tell us before you come, because the yard is too small for many cars.</p>
</article>`,
)

const code = site(
  'Reading a file line by line',
  `<article>
<h1>Reading a file line by line</h1>
<p>Most of the time you do not want to have a whole file in memory. A log can be larger than the machine that reads
it, and the first line is often all that you need to know. A stream gives you the lines one after the other.</p>
<p>The loop below opens the file, waits for each line, and closes the file when the loop is left, whether that
happens at the end or in the middle of it:</p>
<pre><code>for await (const line of lines(path)) {
  if (line.includes('error')) report(line)
}</code></pre>
<p>Note that nothing is read before the loop asks for it. If the reader is slow, the stream waits, and the memory in
use stays the same. That is the difference between a stream and a list of all the lines.</p>
<p>When an error is thrown inside of the loop, the file is closed as well. You do not have to do that by hand, and
you should not try to. The same is true of a return from the function around it.</p>
</article>`,
)

const ports = ['Northern Bay', 'Western Bay', 'Eastern Bay', 'Southern Bay', 'Outer Banks', 'Inner Sound']
const repeated = site(
  'Forecast for the coast',
  `<article>
<h1>Forecast for the coast</h1>
${ports
  .map(
    (
      port,
    ) => `<p>${port}: the wind will be light in the morning and moderate in the evening. There will be a chance of rain after midnight, with
visibility good to moderate and a slight sea. Please have a look at the notice to all of the boats that leave the harbour.</p>`,
  )
  .join('\n')}
</article>`,
)

/** Each shows the work of another filter. */
export const PAGE_EXAMPLES: readonly PageExample[] = [
  { name: 'Article', html: article() },
  { name: 'Pull quote', html: article(PULL_QUOTE) },
  { name: 'Shop list', html: shop },
  { name: 'Lorem ipsum', html: template },
  { name: 'Code', html: code },
  { name: 'Repetition', html: repeated },
]
