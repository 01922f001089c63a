/* Simulations of a page: init and step run in a Web Worker, in slices, and the page draws what arrives.
   Loaded before runtime.js, which calls `liveSimulation` with what both share. */
"use strict";
window.liveSimulation = ({ LiveFigure, Module, formatNumber, commit }) => {
  const SLICE = { worker: 14, page: 8 }; // milliseconds of work between two reports
  const RATE_WINDOW = 500; // milliseconds between two numbers of steps per second

  /* Runs one simulation. It takes commands { command, order, ... } and posts reports, which say up to which order it
     has followed. A Worker gets this function as text: it uses nothing outside itself. */
  function stepper(Module, post) {
    const channel = new MessageChannel();
    let module, task, slots, ready;
    let [passed, order, calls, playing, ticking] = [{}, 0, 0, false, false];
    let [credit, paid] = [0, 0]; // steps that the pace still allows, and until when they were counted
    const view = (name) => module.view(slots[name]);
    const finished = () => task.done !== null && view(task.done)[0] !== 0;
    const pace = () => (typeof task.pace === "string" ? passed[task.pace] : task.pace);

    function call(role) {
      const name = `${task.name}.${role}`;
      module.call(name, task.entries[name], slots, passed);
    }

    function step() {
      if (finished()) return;
      call("step");
      calls += 1;
      if (finished()) playing = false;
    }

    function report() {
      const outputs = Object.fromEntries(Object.keys(task.outputs).map((name) => [name, view(name).slice()]));
      const steps = task.count === null ? calls : outputs[task.count][0];
      post({ order, playing, done: finished(), steps, outputs }, Object.values(outputs).map((array) => array.buffer));
    }

    function guarded(action) {
      try {
        action();
      } catch (error) {
        playing = false;
        post({ order, playing, error: error.message }, []);
      }
    }

    /* As many steps as fit into a slice, and as the pace allows. */
    function work() {
      const begun = performance.now();
      if (task.pace !== null) credit = Math.min(credit + ((begun - paid) * pace()) / 1000, 1 + pace() / 20);
      paid = begun;
      const before = calls;
      while (playing && (task.pace === null || credit >= 1) && (calls === before || performance.now() - begun < task.slice)) {
        step();
        credit -= 1;
      }
      if (calls !== before || !playing) report();
    }

    /* The next slice. Timers wait 4 ms at least, which gives a page its time; a Worker needs no such pause. */
    function again() {
      if (!playing || ticking) return;
      ticking = true;
      const wait = task.pace === null ? 0 : Math.max(0, ((1 - credit) * 1000) / pace());
      if (wait || task.polite) setTimeout(tick, wait);
      else channel.port2.postMessage(null);
    }

    function tick() {
      ticking = false;
      if (playing) guarded(work);
      again();
    }
    channel.port1.onmessage = tick;

    const play = () => {
      playing = !finished();
      paid = performance.now();
    };
    const commands = {
      restart(message) {
        passed = message.passed;
        for (const [name, { element }] of Object.entries(slots)) view(name).fill(element === "u64" ? 0n : 0);
        [calls, credit, playing] = [0, 1, false];
        call("init");
        if (message.play) play();
      },
      move: (message) => { passed = message.passed; },
      play,
      pause: () => { playing = false; },
      step,
    };

    async function load(message) {
      task = message;
      module = await Module.load(message.bytes, message.manifest);
      slots = module.hold(message.arrays);
    }

    return (message) => {
      if (message.command === "load") {
        ready = load(message);
        return;
      }
      ready = ready.then(() => guarded(() => {
        order = message.order;
        commands[message.command](message);
        report();
        again();
      })).catch((error) => post({ order: message.order, playing: false, error: error.message }, []));
    };
  }

  /* A stepper in a Worker, or, where the browser allows none, on the page. */
  class Engine {
    constructor(task, receive) {
      Object.assign(this, { task, receive, sent: [], order: 0, answered: false });
      try {
        const source = `${Module}\nonmessage = ((take) => (event) => take(event.data))((${stepper})(Module, postMessage.bind(self)));`;
        const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
        this.worker = new Worker(address);
        this.worker.onmessage = ({ data }) => {
          this.answered = true;
          receive(data);
        };
        this.worker.onerror = () => this.answered || this.stay();
        this.post = (message) => this.worker.postMessage(message);
        this.post({ ...task, command: "load", slice: SLICE.worker, polite: false });
      } catch {
        this.stay();
      }
    }

    /* Work on the page, from the first command on. */
    stay() {
      this.answered = true;
      this.post = stepper(Module, (report) => this.receive(report));
      this.post({ ...this.task, command: "load", slice: SLICE.page, polite: true });
      this.sent.forEach((message) => this.post(message));
    }

    send(command, more = {}) {
      this.order += 1;
      const message = { command, order: this.order, ...more };
      if (!this.answered) this.sent.push(message);
      this.post(message);
      return this.order;
    }
  }

  return class Simulation extends LiveFigure {
    constructor(root, spec, module) {
      super(root, spec, module);
      Object.assign(this, { playing: false, done: false, begun: false, restarts: false, since: 0 });
      this.buttons = {};
      for (const name of ["play", "step", "restart"]) {
        this.buttons[name] = root.querySelector(`[data-action="${name}"]`);
        this.buttons[name].addEventListener("click", () => this[name]());
      }
      this.steps = root.querySelector(".live-steps");
      this.built = this.steps.textContent;
      this.presets = [...root.querySelectorAll("[data-preset]")];
      for (const button of this.presets) button.addEventListener("click", () => commit(() => this.choose(button.dataset.preset)));
      document.addEventListener("visibilitychange", () => document.hidden && this.pause());
    }

    /* Whether a command is still on its way. */
    get waiting() {
      return this.running !== undefined && this.followed !== this.running.order;
    }

    get engine() {
      const { name, entries, outputs, done, count, pace } = this.spec;
      const { bytes, manifest } = this.module;
      this.running ??= new Engine(
        { name, entries, outputs, done, count, pace, bytes, manifest, arrays: this.arrays },
        (report) => this.receive(report),
      );
      return this.running;
    }

    // ---- what the reader does ---------------------------------------------------------------------
    play() {
      if (this.playing) return this.pause();
      if (!this.begun || this.done) return this.restart(true);
      this.engine.send("play");
      this.indicate(true);
    }

    pause() {
      if (!this.playing) return;
      this.engine.send("pause");
      this.indicate(false);
    }

    step() {
      this.pause();
      if (!this.begun) this.restart(false);
      this.engine.send("step");
    }

    /* From init on, with the controls as they are. */
    restart(play = this.playing) {
      this.begun = true;
      this.since = this.engine.send("restart", { passed: this.readControls().passed, play });
      this.done = false;
      this.indicate(play);
    }

    choose(label) {
      this.write(this.spec.presets[label]);
      this.restart(true);
    }

    /* A move of a control: one command per frame. */
    moved(name) {
      this.restarts ||= !this.begun || !this.spec.live.includes(name);
      this.moving ??= requestAnimationFrame(() => {
        this.moving = null;
        if (this.restarts) this.restart();
        else this.engine.send("move", { passed: this.readControls().passed });
        this.restarts = false;
      });
    }

    /* The state of the built page is there as numbers, any other one starts at init. */
    apply() {
      const isBuilt = this.spec.controls.every((spec) => String(this.inputs[spec.name].read()) === String(spec.value));
      if (!isBuilt) return this.restart(false);
      if (this.begun) this.since = this.engine.send("pause") + 1;
      [this.begun, this.done] = [false, false];
      this.values = Object.fromEntries(Object.entries(this.spec.poster).map(([name, list]) => [name, list.map(Number)]));
      this.indicate(false);
      this.steps.textContent = this.built;
      this.update();
    }

    // ---- what arrives -----------------------------------------------------------------------------
    receive(report) {
      this.followed = report.order;
      if (report.order < this.since) return;
      if (report.order === this.engine.order && report.playing !== this.playing) this.indicate(report.playing);
      if (report.error) {
        this.begun = false;
        cancelAnimationFrame(this.pending); // else the state before would be drawn over what went wrong
        this.pending = null;
        this.say(`This figure stopped: ${report.error}`);
        return;
      }
      this.values = { ...report.outputs, steps: [report.steps] };
      if (report.done !== this.done) {
        this.done = report.done;
        this.indicate(this.playing);
      }
      this.schedule();
    }

    indicate(playing) {
      if (playing !== this.playing) this.measured = null;
      this.playing = playing;
      this.buttons.play.textContent = playing ? "Pause" : this.done ? "Play again" : "Play";
      if (this.done && document.activeElement === this.buttons.step) this.buttons.play.focus(); // else the focus is lost
      this.buttons.step.disabled = this.done;
      this.root.toggleAttribute("data-playing", playing);
      this.readout.setAttribute("aria-live", playing ? "off" : "polite"); // 60 sentences a second are no help
      for (const button of this.presets) {
        const state = this.spec.presets[button.dataset.preset];
        const chosen = this.spec.controls.every((spec) => String(this.inputs[spec.name].read()) === String(state[spec.name]));
        button.setAttribute("aria-pressed", String(chosen));
      }
    }

    compute() {
      if (this.begun) this.countSteps(this.values.steps[0]);
      return { ...this.readControls().values, ...this.values };
    }

    countSteps(steps) {
      const now = performance.now();
      this.measured ??= { steps, now, rate: "" };
      const passed = now - this.measured.now;
      if (this.playing && passed >= RATE_WINDOW) {
        const rate = ((steps - this.measured.steps) * 1000) / passed;
        this.measured = { steps, now, rate: `, ${formatNumber(rate, rate < 10 ? "2g" : "d")} per second` };
      }
      this.steps.textContent = this.inWords(steps) + this.measured.rate;
    }

    inWords(steps) {
      return `${formatNumber(steps, "d")} step${steps === 1 ? "" : "s"}`;
    }

    sentence(values) {
      const [steps] = values.steps;
      const when = steps === 0 ? "Before the first step" : `After ${this.inWords(steps)}`;
      const said = super.sentence(values);
      return said ? `${when}: ${said}` : `${when}.`;
    }
  };
};
