"""The processes of `worker.py`, one for each library: started, asked, and given up when they break."""
import json
import os
import queue
import subprocess
import threading
from pathlib import Path

__all__ = ["Broken", "Peer", "Pool", "find_pythons"]

WORKER = Path(__file__).with_name("worker.py")
PATIENCE = 300.0  # seconds for an answer


class Broken(RuntimeError):
    """A process that ended, hangs, or reports an error."""


class Peer:
    """One library in its own process, which Ctrl-C at the terminal does not reach."""

    def __init__(self, name, python, threads, patience=PATIENCE, worker=WORKER):
        self.name, self.patience = name, patience
        # XLA reads these when it starts; the others have functions for it.
        own = {"NPROC": str(threads), "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()}"}
        self.process = subprocess.Popen(
            [python, str(worker), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, encoding="utf-8", env=os.environ | own, start_new_session=True)
        self.lines = queue.SimpleQueue()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def ask(self, do, **options):
        """The answer to a command; Broken where there is none."""
        try:
            self.process.stdin.write(json.dumps({"do": do} | options) + "\n")
            self.process.stdin.flush()
            line = self.lines.get(timeout=self.patience)
        except (OSError, ValueError):
            line = None
        except queue.Empty:
            self.close()
            raise Broken(f"no answer to {do!r} in {self.patience:g} seconds") from None
        if line is None:
            self.close()
            raise Broken(f"its process ended during {do!r}")
        reply = json.loads(line)
        if "error" in reply:
            raise Broken(reply["error"])
        return reply["answer"]

    @property
    def alive(self):
        return self.process.poll() is None

    def close(self):
        """End the process."""
        self.process.kill()
        self.process.wait()
        self.listener.join()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()
            except OSError:  # what a broken pipe still held
                pass


def find_pythons(names, pythons, start=Peer):
    """Which Python has which library, the first of `pythons`: name -> (python, its greeting) or (None, why not)."""
    found = {}
    for name in names:
        reasons = []
        for python in pythons[:1] if name == "ours" else pythons:
            try:
                peer = start(name, python, 1)
            except OSError as error:
                reasons.append(str(error))
                continue
            try:
                found[name] = (python, peer.ask("hello"))
                break
            except Broken as error:
                reasons.append(str(error))
            finally:
                peer.close()
        else:
            found[name] = (None, reasons[-1])
    return found


class Pool:
    """All libraries that there are, for one number of threads; a context that ends its processes.

    `broken` collects sentences about those that failed.
    """

    def __init__(self, found, threads, broken, start=Peer):
        self.threads, self.broken, self.members = threads, broken, {}
        self.functions = {name: greeting["functions"] for name, (python, greeting) in found.items() if python}
        for name, (python, _) in found.items():
            if python:
                self.members[name] = start(name, python, threads)
                self.ask(name, "threads", count=threads)

    def ask(self, name, do, **options):
        """The answer of one library, or None where it has none; one whose process is gone is asked no more."""
        peer = self.members.get(name)
        if peer is None:
            return None
        try:
            return peer.ask(do, **options)
        except Broken as error:
            what = " ".join(str(options[key]) for key in ("function", "dtype", "shape", "kind") if key in options)
            threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
            self.broken.append(f"{name}, {threads}, {do} {what}: {error}")
            if not peer.alive:
                self.members.pop(name).close()
            return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for peer in self.members.values():
            peer.close()
