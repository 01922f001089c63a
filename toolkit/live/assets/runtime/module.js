/* The page's kernels and their memory. Workers get this class as text: it uses nothing outside itself. */
class Module {
  static async load(bytes, manifest) {
    const { instance } = await WebAssembly.instantiate(bytes);
    return Object.assign(new Module(), {
      bytes, manifest, exports: instance.exports, end: instance.exports[manifest.heap_base].value,
    });
  }

  static types = { f64: Float64Array, f32: Float32Array, i32: Int32Array, u64: BigUint64Array };

  /* Memory for arrays, name -> [type, size or two sizes]. */
  hold(arrays) {
    return Object.fromEntries(Object.entries(arrays).map(([name, [element, sizes]]) => {
      const shape = [sizes].flat();
      const size = shape.reduce((product, n) => product * n);
      const address = (this.end + 63) & ~63;
      this.end = address + size * Module.types[element].BYTES_PER_ELEMENT;
      const missing = this.end - this.exports.memory.buffer.byteLength;
      if (missing > 0) this.exports.memory.grow(Math.ceil(missing / 65536));
      return [name, { element, address, size, shape }];
    }));
  }

  view({ element, address, size }) {
    return new Module.types[element](this.exports.memory.buffer, address, size);
  }

  /* Calls a kernel: parameters found in `slots` are arrays, all get their value from `passed` if it has one. */
  call(name, parameters, slots, passed) {
    const flat = parameters.flatMap((p) => {
      if (!(p in slots)) return [passed[p]];
      if (p in passed) this.view(slots[p]).set(passed[p]);
      return [slots[p].address, ...slots[p].shape];
    });
    const status = this.exports[name](...flat);
    if (status) throw new Error(`${name}: ${this.manifest.errors[status] || "status " + status}`);
  }
}
