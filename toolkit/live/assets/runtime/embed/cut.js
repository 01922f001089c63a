/* A page has one WebAssembly module for all its figures. This keeps of it what some of its kernels call and the data to
   which that refers; every other function loses its body and keeps its number. An instruction that is not known here
   leaves the module whole. */
const UNREACHABLE = [3, 0, 0x00, 0x0b]; // a body of three bytes: no locals, `unreachable`, `end`

class Bytes {
  constructor(bytes, at = 0) {
    Object.assign(this, { bytes, at });
  }

  byte() {
    return this.bytes[this.at++];
  }

  number() {
    let [value, shift, byte] = [0, 0, 0];
    do {
      byte = this.byte();
      if (shift < 32) value |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte & 0x80);
    return value >>> 0;
  }

  skip(count) {
    this.at += count;
  }

  numbers(count) {
    while (count-- > 0) this.number();
  }
}

const unsigned = (value) => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]);

/* Skips what follows an opcode; returns the number of a function that it calls. */
function skipOperands(code, opcode) {
  if (opcode === 0x10) return code.number();
  if (opcode === 0x0e) code.numbers(code.number() + 1);
  else if (opcode >= 0x28 && opcode <= 0x3e) code.numbers(2);
  else if (opcode === 0x43) code.skip(4);
  else if (opcode === 0x44) code.skip(8);
  else if (opcode === 0xfc) {
    const kind = code.number();
    if (kind > 11) throw new Error(`instruction fc ${kind}`);
    code.numbers({ 8: 2, 9: 1, 10: 2, 11: 1 }[kind] ?? 0);
  } else if (opcode === 0xfd) {
    const kind = code.number();
    if (kind <= 11 || kind === 92 || kind === 93) code.numbers(2);
    else if (kind === 12 || kind === 13) code.skip(16);
    else if (kind >= 21 && kind <= 34) code.skip(1);
    else if (kind >= 84 && kind <= 91) {
      code.numbers(2);
      code.skip(1);
    }
  } else if ([0x02, 0x03, 0x04, 0x0c, 0x0d, 0x3f, 0x40, 0x41, 0x42].includes(opcode) || (opcode >= 0x20 && opcode <= 0x24)) code.number();
  else if (!(opcode <= 0x01 || opcode === 0x05 || opcode === 0x0b || opcode === 0x0f || opcode === 0x1a || opcode === 0x1b || (opcode >= 0x45 && opcode <= 0xc4)))
    throw new Error(`instruction ${opcode.toString(16)}`);
  return undefined;
}

function callsOf(bytes, start, end) {
  const code = new Bytes(bytes, start);
  for (let groups = code.number(); groups > 0; groups--) code.numbers(2);
  const calls = [];
  while (code.at < end) {
    const called = skipOperands(code, code.byte());
    if (called !== undefined) calls.push(called);
  }
  return calls;
}

/* The sections of a module: [[number, start, end], ...]. */
function sectionsOf(bytes) {
  const [all, sections] = [new Bytes(bytes, 8), []];
  while (all.at < bytes.length) {
    const number = all.byte();
    const size = all.number();
    sections.push([number, all.at, all.at + size]);
    all.skip(size);
  }
  return sections;
}

function exportsOf(bytes, [, start]) {
  const part = new Bytes(bytes, start);
  return Array.from({ length: part.number() }, () => {
    const from = part.at;
    const size = part.number();
    const name = new TextDecoder().decode(bytes.subarray(part.at, part.at + size));
    part.skip(size);
    const isFunction = part.byte() === 0;
    const index = part.number();
    return { name, isFunction, index, text: bytes.subarray(from, part.at) };
  });
}

function bodiesOf(bytes, [, start]) {
  const part = new Bytes(bytes, start);
  return Array.from({ length: part.number() }, () => {
    const from = part.at;
    const size = part.number();
    const begin = part.at;
    part.skip(size);
    return { begin, end: part.at, text: bytes.subarray(from, part.at) };
  });
}

/* The pieces of data to which functions refer that are `kept`; the linker has noted for each piece which refer to it. */
function dataOf(bytes, [, start], [, noted], kept) {
  const [part, users] = [new Bytes(bytes, start), new Bytes(bytes, noted)];
  users.skip(users.number());
  users.number();
  return Array.from({ length: part.number() }, () => {
    const from = part.at;
    part.numbers(2); // its kind, `i32.const`
    part.numbers(2); // the address, `end`
    part.skip(part.number());
    const functions = Array.from({ length: users.number() }, () => users.number());
    return functions.some((index) => kept.has(index)) ? [bytes.subarray(from, part.at)] : [];
  }).flat();
}

const vector = (parts) => [unsigned(parts.length), ...parts];

function section(number, parts) {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return [[number], unsigned(size), ...parts];
}

async function joined(parts) {
  return new Uint8Array(await new Blob(parts.map((part) => Uint8Array.from(part))).arrayBuffer());
}

/* The module with the kernels `names` alone. */
async function onlyKernels(bytes, names) {
  try {
    const sections = sectionsOf(bytes);
    const at = (number) => sections.find((each) => each[0] === number);
    const exported = exportsOf(bytes, at(7)).filter(({ name, isFunction }) => !isFunction || names.includes(name));
    const bodies = bodiesOf(bytes, at(10));
    const kept = new Set();
    const waiting = exported.filter(({ isFunction }) => isFunction).map(({ index }) => index);
    while (waiting.length) {
      const index = waiting.pop();
      if (kept.has(index)) continue;
      kept.add(index);
      waiting.push(...callsOf(bytes, bodies[index].begin, bodies[index].end));
    }
    const code = bodies.map(({ text }, index) => (kept.has(index) ? text : UNREACHABLE));
    return await joined([bytes.subarray(0, 8), ...sections.flatMap(([number, start, end]) => {
      if (number === 7) return section(7, vector(exported.map(({ text }) => text)));
      if (number === 10) return section(10, vector(code));
      if (number === 11) return section(11, vector(dataOf(bytes, at(11), at(0), kept)));
      return number ? section(number, [bytes.subarray(start, end)]) : [];
    })]);
  } catch (error) {
    console.warn(`The file holds all kernels of the page: ${error.message}`);
    return bytes;
  }
}
