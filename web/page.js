'use strict';
(() => {
const at = id => document.getElementById(id);
const waiting = [];
let worker = null, job = 0, current = null;

/* ---- what the report is shown by ---------------------------------------------------------------------- */

/* It holds no markup of the log's: this is the second lock. What is not named here is not taken over. */
const TAGS = new Set(('section h1 h2 h3 h4 p ul ol li br code table caption thead tbody tr th td details summary article ' +
                      'figure figcaption span mark strong svg g rect path text desc').split(' '));
const ATTRIBUTES = new Set(('class scope open role aria-label viewBox width height x y d rx text-anchor').split(' '));
const SPACES = ['http://www.w3.org/1999/xhtml', 'http://www.w3.org/2000/svg'];

function take(from, to) {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) to.append(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE || !SPACES.includes(node.namespaceURI) || !TAGS.has(node.localName)) continue;
    const name = node.localName.replace(/^h[1-3]$/, head => 'h' + (1 + +head[1])); /* the page has its own h1 */
    const copy = document.createElementNS(node.namespaceURI, name);
    for (const {name, value} of node.attributes)
      if (ATTRIBUTES.has(name)) copy.setAttribute(name, value);
    if (name === 'figure') copy.tabIndex = 0;
    take(node, copy);
    to.append(copy);
  }
}

function make(tag, words, className) {
  const made = document.createElement(tag);
  made.textContent = words;
  if (className) made.className = className;
  return made;
}

function verdict(report) {
  const first = report.problems[0];
  if (!first) return make('p', report.source.forms.length || report.events.length ? 'No problem was found.'
                                 : 'No line of a kernel was found in it.', 'verdict soft');
  const root = report.diagnoses.find(diag => diag.id === first.root);
  const more = report.problems.length - 1;
  return make('p', (root ? `${root.confidence}: ` : '') + first.title + (more ? ` (and ${more} more)` : ''),
              'verdict ' + (root ? root.severity : 'warning'));
}

function save(name, type, words) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([words], {type}));
  link.download = name.replace(/[^\w.-]+/g, '_').slice(-80);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function saver(label, name, type, words) {
  const button = make('button', label, 'quiet');
  button.type = 'button';
  button.addEventListener('click', () => save(name, type, words));
  return button;
}

function show(name, answer) {
  const box = make('div', '', 'log'), report = JSON.parse(answer.json), row = make('div', '', 'row save');
  box.report = answer; /* for who tests the page */
  row.append(saver('Save as JSON', name + '.json', 'application/json', answer.json),
             saver('Save as text', name + '.txt', 'text/plain', answer.text));
  take(new DOMParser().parseFromString(answer.html, 'text/html').body, box);
  const head = box.querySelector('h2');
  if (head) head.after(verdict(report));
  box.append(row);
  at('results').append(box);
}

function refuse(name, why) {
  const box = make('div', '', 'log');
  box.append(make('h2', name), make('p', `Could not be read: ${why}.`, 'fatal'));
  at('results').append(box);
}

/* ---- one log after the other ----------------------------------------------------------------------------- */

function start() {
  const url = URL.createObjectURL(new Blob([at('worker').textContent], {type: 'text/javascript'}));
  worker = new Worker(url);
  worker.onmessage = ({data}) => hear(data);
  worker.onerror = event => {
    event.preventDefault();
    hear({job: current && current.job, failed: event.message || 'the worker does not start'});
    stop();
  };
  worker.postMessage({code: at('wasm').textContent.trim()});
}

function stop() {
  if (worker) worker.terminate();
  worker = current = null;
  at('work').hidden = true;
}

function say(words) {
  at('state').textContent = words;
}

function hear(answer) {
  if (!current || answer.job !== current.job) return;
  if (answer.of !== undefined) {
    at('progress').value = answer.of ? answer.done / answer.of : 1;
    return;
  }
  if (answer.failed) refuse(current.name, answer.failed);
  else show(current.name, answer);
  current = null;
  next();
}

function next() {
  if (current) return;
  current = waiting.shift();
  at('work').hidden = !current;
  if (!current) {
    const count = at('results').children.length;
    say(count ? `Looked at ${count} log${count === 1 ? '' : 's'}.` : '');
    return;
  }
  at('progress').value = 0;
  say(`Looking at ${current.name}` + (waiting.length ? `, ${waiting.length} more to come` : ''));
  if (!worker) start();
  worker.postMessage({job: current.job, name: current.name, blob: current.blob});
}

function look(name, blob) {
  waiting.push({job: ++job, name, blob});
  next();
}

/* ---- where logs come from ------------------------------------------------------------------------------------ */

at('form').addEventListener('submit', event => {
  event.preventDefault();
  if (at('text').value) look('pasted text', new Blob([at('text').value]));
  else say('There is nothing to look at yet.');
});
at('text').addEventListener('keydown', event => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) at('form').requestSubmit();
});
at('files').addEventListener('change', () => {
  for (const file of at('files').files) look(file.name, file);
  at('files').value = '';
});
at('clear').addEventListener('click', () => {
  waiting.length = 0;
  stop();
  at('results').replaceChildren();
  at('text').value = '';
  say('');
});
at('stop').addEventListener('click', () => {
  const name = current ? current.name : '';
  waiting.length = 0;
  stop();
  say(`Stopped at ${name}.`);
});
addEventListener('dragover', event => {
  event.preventDefault();
  document.body.classList.add('dropping');
});
addEventListener('dragleave', event => {
  if (!event.relatedTarget) document.body.classList.remove('dropping');
});
addEventListener('drop', event => {
  event.preventDefault();
  document.body.classList.remove('dropping');
  const files = event.dataTransfer.files;
  for (const file of files) look(file.name, file);
  const words = files.length ? '' : event.dataTransfer.getData('text');
  if (words) look('dropped text', new Blob([words]));
});
})();
