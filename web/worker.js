'use strict';
/* Looks at one log at a time. In: {code} once, then {job, name, blob}. Out: {job, done, of} while it reads, {job, failed,
   limited, json, html, text} at the end. */
const MOST = 1 << 30; /* bytes of one log, unpacked */
let ready;

async function load(code) {
  const packed = Uint8Array.from(atob(code), c => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  const bytes = await new Response(stream).arrayBuffer();
  const NOT_SUPPORTED = 52; /* of WASI: nothing is there to be written to */
  const outside = new Proxy({}, {get: () => () => NOT_SUPPORTED});
  const made = await WebAssembly.instantiate(bytes, {wasi_snapshot_preview1: outside});
  made.instance.exports._initialize();
  return made.instance.exports;
}

function put(kdiag, bytes) {
  new Uint8Array(kdiag.memory.buffer).set(bytes, kdiag.page_room());
  return bytes.length;
}

function part(kdiag, number) {
  const bytes = new Uint8Array(kdiag.memory.buffer, kdiag.page_part(number), kdiag.page_part_size(number));
  return new TextDecoder().decode(bytes);
}

const PACKED = {'1f8b': 'gzip', 'fd37': 'xz', '28b5': 'zstd', '425a': 'bzip2', '504b': 'zip'};

async function packing(blob) {
  const head = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  return PACKED[Array.from(head, byte => byte.toString(16).padStart(2, '0')).join('')];
}

async function* portions(blob, how, at) {
  let stream = blob.stream().pipeThrough(new TransformStream({
    transform(bytes, out) { at.read += bytes.length; out.enqueue(bytes); }
  }));
  if (how === 'gzip') stream = stream.pipeThrough(new DecompressionStream('gzip'));
  const reader = stream.getReader();
  for (;;) {
    let next;
    try {
      next = await reader.read();
    } catch (error) {
      if (how !== 'gzip') throw error;
      at.cut = true; /* what was read before it is there */
      return;
    }
    if (next.done) return;
    yield next.value;
  }
}

async function look({job, name, blob}) {
  const kdiag = await ready, how = await packing(blob), at = {read: 0, cut: false};
  if (how && how !== 'gzip') throw new Error(`it is packed with ${how}, which this page cannot unpack`);
  if (kdiag.page_begin(put(kdiag, new TextEncoder().encode(name).subarray(0, 400))) < 0) throw new Error('no memory');
  if (how) kdiag.page_packed(put(kdiag, new TextEncoder().encode(how)));
  const room = kdiag.page_room_size();
  let limited = false, size = 0, told = 0;
  for await (const bytes of portions(blob, how, at)) {
    for (let from = 0; from < bytes.length && !limited; from += room) {
      const status = kdiag.page_feed(put(kdiag, bytes.subarray(from, from + room)));
      if (status < 0) throw new Error('no memory');
      limited = status > 0;
    }
    size += bytes.length;
    limited = limited || size > MOST;
    if (limited) break;
    if (performance.now() - told > 50) {
      told = performance.now();
      postMessage({job, done: at.read, of: blob.size});
    }
  }
  if (at.cut) kdiag.page_packed(put(kdiag, new TextEncoder().encode('gzip-cut')));
  const status = kdiag.page_end();
  if (status < 0) throw new Error('no memory');
  postMessage({job, limited: limited || status > 0, json: part(kdiag, 0), html: part(kdiag, 1), text: part(kdiag, 2)});
}

onmessage = async ({data}) => {
  if (data.code) {
    ready = load(data.code);
    ready.catch(() => {});
    return;
  }
  try {
    await look(data);
  } catch (error) {
    postMessage({job: data.job, failed: error.message});
  }
};
