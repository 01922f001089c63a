"""Run all tests in parts, one after another; says how long each took and what is left.

python scripts/test.py [--only PART ...] [ARGUMENTS FOR PYTEST ...]

The parts with the longest tests come first, and each part uses all processors, up to four; tests that measure time
run last and alone.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from toolkit.commands.console import write_to_any_console

ROOT = Path(__file__).resolve().parents[1]
SECONDS = ROOT / ".cache/seconds-of-tests.json"
NONE_CHOSEN = 5  # pytest's status when no test fits
SLOWEST = ["--durations=25", "--durations-min=2"] if os.environ.get("CI") == "true" else []
SUMMARY = re.compile(r"=+ (.*(?:passed|failed|error|skipped|deselected|no tests ran).*) in [\d.]+s")
PROCESSORS = os.cpu_count() or 1


def side_by_side(processes):
    return ["-n", str(min(4, processes)), "--dist", "worksteal"]


# Name -> arguments of pytest. Together they are all tests, each once (tests/test_project.py).
PARTS = {
    "live": ["tests/live", "-m", "not timing", *side_by_side(PROCESSORS)],
    "training": ["tests/training", "-m", "not timing", *side_by_side(PROCESSORS)],
    # Half of the time a browser waits for frames.
    "browser": ["tests/browser", "-m", "not timing", *side_by_side(2 * PROCESSORS)],
    "toolkit": ["tests", "--ignore=tests/live", "--ignore=tests/training", "--ignore=tests/browser", "-m", "not timing",
                *side_by_side(PROCESSORS)],
    "timing": ["tests/test_kernel_policy.py", "tests/browser", "-m", "timing"],
}


def main():
    write_to_any_console()
    parser = argparse.ArgumentParser(description="Run all tests in parts.")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    arguments, for_pytest = parser.parse_known_args()
    before = _last_time()
    results, start = [], time.monotonic()
    for number, name in enumerate(arguments.only, start=1):
        left = [before.get(other) for other in arguments.only[number - 1:]]
        print(f"\n[{number}/{len(arguments.only)}] {name}" + _left(left), flush=True)
        begun = time.monotonic()
        status, counts = _run([sys.executable, "-m", "pytest", *PARTS[name], *SLOWEST, *for_pytest])
        seconds = time.monotonic() - begun
        results.append((name, seconds, status, counts))
        if status == 0 and not for_pytest:
            before[name] = round(seconds)
    SECONDS.parent.mkdir(exist_ok=True)
    SECONDS.write_text(json.dumps(before), encoding="utf-8")
    return _report(results, time.monotonic() - start)


def _last_time():
    """Seconds of each part, as far as they are known."""
    try:
        return json.loads(SECONDS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _run(command):
    """Run pytest and pass on what it says; returns its status, and the counts of its last line."""
    colour = ["--color=yes"] if sys.stdout.isatty() else []
    with subprocess.Popen([*command, *colour], cwd=ROOT, stdout=subprocess.PIPE, text=True, bufsize=1,
                          encoding="utf-8", errors="replace") as process:
        last = ""
        for line in process.stdout:
            print(line, end="", flush=True)
            last = line if line.strip() else last
    found = SUMMARY.search(re.sub(r"\x1b\[[0-9;]*m", "", last))
    return process.returncode, re.findall(r"(\d+) (\w+)", found[1]) if found else []


def _left(seconds):
    """How long this part and the rest took last time."""
    if None in seconds:
        return ""
    return f": {seconds[0]} s last time; to the end about {sum(seconds) / 60:.0f} min"


def _report(results, seconds):
    """Print what each part took, and last a summary as pytest writes it; returns the exit status."""
    print("\nPart        seconds")
    for name, took, status, _ in results:
        print(f"{name:12}{took:7.0f}{'' if status in (0, NONE_CHOSEN) else '  FAILED'}")
    total = Counter()
    for *_, counts in results:
        total.update({word.removesuffix("s"): int(count) for count, word in counts if word != "deselected"})
    words = ", ".join(f"{count} {word}" for word, count in sorted(total.items())) or "no tests ran"
    print(f"\n===== {words} in {seconds:.2f}s ({timedelta(seconds=round(seconds))}) =====")
    return 1 if any(status not in (0, NONE_CHOSEN) for _, _, status, _ in results) else 0


if __name__ == "__main__":
    sys.exit(main())
