#!/usr/bin/env node
// A handler of boostd in Node, without an SDK: what any language has to do, in the order
// in which it does it. handle() does what a message's value says, so that
// `boostd handlers check --conformance` can try it; the rest is the same for any handler.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const MAX_FRAME = 64 << 20; // bytes of one message of the protocol: the default of 4 MiB is too little

// What the author of a handler writes. To return is to be done. signal says that the
// message is to be given up.
async function handle(m, signal) {
  const wish = parse(m);
  const reason = wish.reason ?? '';
  switch (wish.do) {
    case 'done': return;
    case 'retry': throw new Failed(reason, { after_ms: wish.after_ms ?? 0 });
    case 'dead': throw new Failed(reason, { dead: true });
    case 'panic': throw new Error(reason);
    case 'sleep': return await sleep(wish.ms ?? 0, undefined, { signal });
    case 'describe': throw new Failed(describe(m), { dead: true });
    default: throw new Failed('not for me', { dead: true });
  }
}

class Failed extends Error {
  constructor(reason, fields) { super(reason); this.fields = fields; }
}

function parse(m) {
  try {
    // An absent key or value is undefined, an empty one a Buffer without bytes.
    const wish = JSON.parse(m.value ?? '');
    if (wish !== null && typeof wish === 'object') return wish;
  } catch { /* told below; the error's text would have the payload in it */ }
  throw new Failed('not for me: the value is no JSON object', { dead: true });
}

function describe(m) {
  const hex = (bytes) => (bytes === undefined ? 'null' : bytes.toString('hex'));
  const headers = m.headers.map((h) => `${h.key}=${hex(h.value)}`).join(',');
  return `${m.topic}/${m.partition}@${m.offset} level=${m.level} attempt=${m.attempt} key=${hex(m.key)} ` +
    `headers=[${headers}] produced_ms=${BigInt(m.produced_at_ns) / 1000000n}`;
}

// 1. Who has started the process? A person is told what it is.
if (process.env.BOOSTD_PLUGIN !== '8f1c6be2a5d94c07') {
  console.error('This is a handler of boostd, which starts it: name it as `plugin:` of an entry in boostd.yaml.');
  process.exit(64);
}
if (!(process.env.PLUGIN_PROTOCOL_VERSIONS ?? '1').split(',').includes('1')) {
  console.error(`boostd speaks version ${process.env.PLUGIN_PROTOCOL_VERSIONS} of the protocol, this plugin version 1.`);
  process.exit(64);
}

// 2. Start is called once. What it fails with refuses the work, and is shown to people.
function start(call, reply) {
  const { settings } = call.request;
  if (settings.refuse) return reply({ code: grpc.status.FAILED_PRECONDITION, details: settings.refuse });
  reply(null, { name: 'example-node', version: '1.0.0', sdk: '' });
}

// 3. A Work stream brings batches and cancellations, and takes results.
const streams = new Set(); // of functions: each gives back what its stream hasn't begun
let ending = false;

function work(stream) {
  const unanswered = new Map(); // id → AbortController, until the message has its one result
  const begun = new Set();
  let batches = 0, closed = false, ended = false;
  let results = { done: [], failed: [] };

  // Results that come in one turn of the loop go together; nothing waits longer than that.
  function answer(id, failure) {
    if (!unanswered.delete(id)) return;
    begun.delete(id);
    if (results.done.length + results.failed.length === 0) setImmediate(flush);
    failure ? results.failed.push({ id, ...failure }) : results.done.push(id);
  }
  function flush() {
    if (results.done.length + results.failed.length > 0 && !ended && !stream.cancelled) stream.write(results);
    results = { done: [], failed: [] };
    if ((closed || ending) && batches === 0 && !ended) { ended = true; stream.end(); }
  }
  function cancel(id) {
    if (begun.has(id)) unanswered.get(id).abort();
    else answer(id, { cancelled: true, reason: 'given up before it began' });
  }
  // Messages of one batch one after the other: they may have the same key. Batches at the same time.
  async function batch({ messages, timeout_ms: limit }) {
    batches++;
    for (const m of messages) unanswered.set(m.id, new AbortController());
    if (ending) for (const m of messages) cancel(m.id);
    for (const m of messages) {
      const giveUp = unanswered.get(m.id);
      if (giveUp !== undefined) answer(m.id, await attempt(m, giveUp, limit, begun));
    }
    batches--;
    setImmediate(flush);
  }
  const giveBack = () => { for (const id of [...unanswered.keys()]) if (!begun.has(id)) cancel(id); flush(); };
  streams.add(giveBack);
  stream.on('data', (order) => (order.batch ? batch(order.batch) : order.cancel.ids.forEach(cancel)));
  stream.on('end', () => { closed = true; flush(); }); // what runs is finished first
  stream.on('cancelled', () => [...unanswered.keys()].forEach(cancel)); // boostd is gone
  stream.on('error', () => {});
  stream.on('close', () => streams.delete(giveBack));
}

// attempt returns nothing when the message is done, and otherwise its Failure. Whatever the
// handler throws, the process goes on.
async function attempt(m, giveUp, limit, begun) {
  let late = false;
  begun.add(m.id);
  const timer = limit > 0 && setTimeout(() => { late = true; giveUp.abort(); }, limit);
  try {
    await handle(m, giveUp.signal);
  } catch (error) {
    if (error instanceof Failed) return { reason: cut(error.message), ...error.fields };
    if (late) return { reason: `took longer than ${limit} ms` };
    if (giveUp.signal.aborted) return { cancelled: true, reason: 'given up: boostd asked for it' };
    console.error(error);
    return { reason: cut(`handler threw ${error}`) };
  } finally {
    clearTimeout(timer);
  }
}

function cut(reason) { // boostd keeps 200 bytes
  return Buffer.from(reason).subarray(0, 200).toString();
}

// 4. Besides Handler two services of one method each, so small that their bytes stand here.
const one = (path, answer) => [
  { [path]: { path, requestStream: false, responseStream: false, requestSerialize: (b) => b, requestDeserialize: (b) => b,
    responseSerialize: (b) => b, responseDeserialize: (b) => b } },
  { [path]: (call, reply) => reply(null, answer()) },
];
const file = path.join(__dirname, '../../plugins/wire/handler.proto');
// 64 bits are more than a number of JavaScript has: ids and offsets are text.
const proto = grpc.loadPackageDefinition(loader.loadSync(file, { keepCase: true, longs: String, arrays: true, objects: true, defaults: true }));
const server = new grpc.Server({ 'grpc.max_receive_message_length': MAX_FRAME, 'grpc.max_send_message_length': MAX_FRAME });
server.addService(proto.boostd.handler.v1.Handler.service, { Start: start, Work: work });
server.addService(...one('/grpc.health.v1.Health/Check', () => Buffer.from([8, 1]))); // SERVING
server.addService(...one('/plugin.GRPCController/Shutdown', () => { setImmediate(end); return Buffer.alloc(0); }));

// 5. The end: what runs is finished, what hasn't begun given back. boostd waits two seconds.
function end() {
  if (ending) return;
  ending = true;
  for (const giveBack of streams) giveBack();
  const exit = () => { fs.rmSync(socket, { force: true }); process.exit(0); };
  server.tryShutdown(exit);
  setTimeout(exit, 1500);
}
process.on('SIGTERM', end);
process.on('SIGINT', () => {}); // boostd has it as well, and ends the process when it is ready to

// 6. Listen, and only then say where, in one line. What is printed later is in boostd's log.
const socket = path.join(process.env.PLUGIN_UNIX_SOCKET_DIR ?? '/tmp', `plugin-${process.pid}.sock`);
server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  fs.writeSync(1, `1|1|unix|${socket}|grpc|\n`);
});
