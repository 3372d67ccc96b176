'use strict';
/* Looks at one log at a time. In: {code} once, then {job, name, blob}. Out: {job, done, of} while it reads, {job, failed,
   limited, json, html, text} at the end. */
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

/* gzip, xz and zstd are undone by libkdiag's side */
const CANNOT = {'425a': 'packed with bzip2', '504b': 'a zip archive', '0422': 'packed with lz4'};

async function refusal(blob) {
  const head = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  return CANNOT[Array.from(head, byte => byte.toString(16).padStart(2, '0')).join('')];
}

async function look({job, name, blob}) {
  const kdiag = await ready, why = await refusal(blob), room = kdiag.page_room_size(), reader = blob.stream().getReader();
  if (why) throw new Error(`it is ${why}, which this page cannot unpack`);
  if (kdiag.page_begin(put(kdiag, new TextEncoder().encode(name).subarray(0, 400))) < 0) throw new Error('no memory');
  let limited = false, read = 0, told = 0;
  for (let next; !limited && !(next = await reader.read()).done;) {
    for (let from = 0; from < next.value.length && !limited; from += room) {
      const status = kdiag.page_feed(put(kdiag, next.value.subarray(from, from + room)));
      if (status < 0) throw new Error('no memory');
      limited = status > 0;
    }
    read += next.value.length;
    if (performance.now() - told > 50) {
      told = performance.now();
      postMessage({job, done: read, of: blob.size});
    }
  }
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
