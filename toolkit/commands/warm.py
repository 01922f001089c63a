"""The command ``warm``: compile once what is used later. Numba keeps the code; a second run goes on with the rest."""
import os
import signal
import sys
import time
import warnings
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from toolkit.commands.console import STOPPED
from toolkit.commands.training import terminated_as_interrupted

__all__ = ["GROUPS", "add_warm", "kept", "warm"]

_DTYPES = {"float32": np.float32, "float64": np.float64}
_FAMILIES = {"softmax": ("softmax",), "losses": ("loss", "target"), "activations": ("activation",),
             "others": ("attention", "collapse", "decoding", "information", "network", "optimizer", "preference",
                        "sampling", "soft_operator", "transport", "uncertainty")}
GROUPS = {
    "softmax": "maps of logits, their logs, gates and filters, and their gradients",
    "losses": "losses of a row and of an entry, and targets",
    "activations": "activations and shrinkage operators",
    "others": "entropies, draws, plans, calibration, optimizers",
    "elementary": "exp, log, erf and the like on arrays, and rounding",
    "large-arrays": "softmax and cross-entropy of large arrays, on several threads",
    "diagnose": "the counts of diagnose",
    "grok": "training of the presets, and fit",
    "figures": "training as the figures run it",
}
_USUAL = ("softmax", "losses", "diagnose", "grok")


def add_warm(parser):
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"{', '.join(GROUPS)} (default: {' '.join(_USUAL)})")
    parser.add_argument("--all", action="store_true", help="all groups")
    parser.add_argument("--list", action="store_true", help="print the groups, and what is kept already and where")
    parser.add_argument("--jobs", type=int, metavar="N", help="processes at a time (default: one per core, at most 3)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def warm(arguments):
    """Compile, and return what to print and the exit code."""
    from tqdm import tqdm

    unknown = [name for name in arguments.groups if name not in GROUPS]
    if unknown:
        raise ValueError(f"no group is called {unknown[0]!r}; allowed: {', '.join(GROUPS)}")
    if arguments.jobs is not None and arguments.jobs < 1:
        raise ValueError(f"--jobs is {arguments.jobs}; allowed: at least 1")
    if arguments.list:
        return "\n".join([*(f"{name:12}  {words}" for name, words in GROUPS.items()), "", kept()])
    groups = tuple(GROUPS) if arguments.all else tuple(dict.fromkeys(arguments.groups)) or _USUAL
    tasks, start = [task for group in groups for task in _tasks(group)], time.monotonic()
    jobs = min(arguments.jobs or min(3, os.cpu_count()), len(tasks))
    with tqdm(total=len(tasks), unit="kernel", dynamic_ncols=True, disable=arguments.quiet) as bar:
        try:
            # Not by fork: GNU OpenMP's threads do not survive one.
            with terminated_as_interrupted(), get_context("spawn").Pool(jobs, _leave_ctrl_c_to_the_parent) as pool:
                for name in pool.imap_unordered(_compile, tasks):
                    bar.set_postfix_str(name, refresh=False)
                    bar.update()
        except KeyboardInterrupt:
            bar.close()
            print(f"interrupted after {bar.n} of {len(tasks)}: the same command goes on from there", file=sys.stderr)
            return "", STOPPED
    return f"{', '.join(groups)}: ready after {time.monotonic() - start:.0f} s\n{kept()}"


def kept():
    """Where the machine code of this package's kernels lies, and how large it is."""
    from toolkit._core.kernel import Kernel

    modules = [module for name, module in list(sys.modules.items()) if name.startswith("toolkit.")]
    kernels = {each.py_func.__module__: each for module in modules for each in vars(module).values()
               if isinstance(each, Kernel)}
    folders = [each._cache.cache_path for each in kernels.values() if each._cache.cache_path]
    if not folders:
        return "nothing is kept: there is no folder for it"
    root = Path(os.path.commonpath(folders))
    files = list(root.rglob("*.nb[ic]"))
    size = sum(path.stat().st_size for path in files)
    return f"{len(files)} files, {size / 1e6:.0f} MB, are kept in {root} (NUMBA_CACHE_DIR names another folder)"


def _leave_ctrl_c_to_the_parent():
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _tasks(group):
    """``(group, name, dtype)`` of what is compiled as one."""
    if group in _FAMILIES:
        from toolkit.catalog import METHODS
        return [(group, method.name, dtype) for method in METHODS if method.family in _FAMILIES[group]
                for dtype in _DTYPES]
    return [(group, name, dtype) for name, (_, dtypes) in _OF_GROUP[group].items() for dtype in dtypes]


def _compile(task):
    group, name, dtype = task
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # naive forms say where they break
        if group in _FAMILIES:
            from toolkit.catalog import METHODS
            next(method for method in METHODS if method.name == name).warm(_DTYPES[dtype])
        else:
            _OF_GROUP[group][name][0](_DTYPES[dtype])
    return name


def _elementary(dtype):
    import toolkit.elementary as elementary
    from toolkit.formats import round_to

    for name in elementary.__all__:
        getattr(elementary, name)(*[dtype(0.5)] * (2 if name == "pow" else 1))
    round_to(np.zeros(1, dtype), "float16")


def _large_rows(dtype):
    from toolkit.gradients import value_and_grad
    from toolkit.losses import cross_entropy
    from toolkit.softmax import log_softmax, logsumexp, softmax, stablemax

    z = np.zeros((8192, 64), dtype)
    for function in (softmax, log_softmax, logsumexp, stablemax):
        function(z, axis=-1)
    for function in (softmax, log_softmax, logsumexp):  # a row for several threads
        function(np.zeros(2**19, dtype), axis=-1)
    value_and_grad(cross_entropy)(z, np.zeros(8192, int))


def _diagnose(dtype):
    from toolkit.collapse import diagnose

    diagnose(np.zeros((1, 2), dtype), [0])


def _train(dtype):
    from toolkit.training import Experiment, train

    precision = np.dtype(dtype).name
    train(Experiment(p=5, widths=(4,), train_fraction=0.9, steps=1, training_precision=precision), progress=False)


def _fit(dtype):
    from toolkit.training import fit

    fit(np.zeros((1, 64)), np.array([0]), steps=1, widths=(16,)).logits(np.zeros((1, 64)))


def _train_in_a_figure(dtype):
    from toolkit.grokking import page

    types = {"i32": np.int32, "f64": np.float64, "f32": np.float32, "u64": np.uint64}
    arrays = [np.zeros(size, types[element]) for element, size in page.addition_sizes(5, 4).values()]
    page.start_addition(5, 4, 0.9, 1, 0, *arrays)


_OF_GROUP = {
    "elementary": {"elementary functions": (_elementary, _DTYPES)},
    "large-arrays": {"large arrays": (_large_rows, _DTYPES)},
    "diagnose": {"diagnose": (_diagnose, ("float64",))},
    "grok": {"training": (_train, _DTYPES), "fit": (_fit, ("float64",))},
    "figures": {"training in a figure": (_train_in_a_figure, ("float32",))},
}
