"""The arrays of a training run in Python, and the kernel that works on them."""
import numba
import numpy as np

from toolkit.networks.plan import N_TRAIN
from toolkit.training.engine import advance, gradient, gradient_in_turn
from toolkit.training.state import CLOCK, ELEMENTS, State, Work, fill_columns, fill_places, sizes_of, start_clock

__all__ = ["Workspace", "aligned"]

_LARGE = 10**8  # products of parameters and rows
_DTYPES = {"i32": np.int32, "f32": np.float32, "f64": np.float64}


def aligned(size, dtype):
    """A zeroed array that begins at a cache line: rows of matrices inside then do too, which doubles their speed."""
    dtype = np.dtype(dtype)
    room = np.zeros(size + 64 // dtype.itemsize, dtype)
    skip = -room.ctypes.data % 64 // dtype.itemsize
    return room[skip:skip + size]


class Workspace:
    """A run at some step.

    Parameters
    ----------
    network : (plan, shape, bend, slope, fused)
        As `toolkit.training.engine.advance` takes it.
    data : Data
    loss : Loss
    optimizer : Optimizer
    settings : Settings
    dtype : of weights, activations and the optimizer's memory
    batch : Batch, optional
    flatness : Flatness, optional

    Attributes
    ----------
    arrays : dict of str to array
        All that the run works on: those of `State`, by the names of the optimizer's memory, and of `Work`.
    kept : tuple of str
        The names among them that a checkpoint keeps.
    """

    def __init__(self, network, data, loss, optimizer, settings, dtype, batch=None,
                 flatness=None):
        self.network, self.data, self.batch, self.loss = network, data, batch, loss
        self.optimizer, self.settings, self.flatness = optimizer, settings, flatness
        self.plan, self.shape = network[:2]

        def array(name, size):
            return aligned(int(size), _DTYPES[ELEMENTS[name]] if name in ELEMENTS else dtype)

        sizes = sizes_of(self.plan, self.shape)
        unused = set() if settings.norm or settings.turning else {"columns", "squares"}
        unused |= set() if flatness else {"spare"}
        self.work = Work(**{name: None if name in unused else array(name, size)
                            for name, size in sizes._asdict().items()})
        if flatness:
            self.work = self.work._replace(spare=self.work.spare.reshape(3, -1))
        self.state = State(parameters=array("parameters", sizes.grads), clock=array("clock", CLOCK),
                           memory=tuple(array(name, sizes.grads) for name in optimizer.memory))
        # What threads may share is faster also on one of them, but takes longer to compile.
        self.small = int(self.plan[N_TRAIN]) * int(sizes.grads) < _LARGE
        start_clock(self.state.clock)
        fill_places(self.plan, self.shape, self.work)
        if self.work.columns is not None:
            fill_columns(self.plan, self.shape, self.work.columns)
        kept = {"parameters": self.state.parameters, **dict(zip(optimizer.memory, self.state.memory)),
                "clock": self.state.clock}
        self.kept, self.arrays = tuple(kept), kept | {
            name: value for name, value in self.work._asdict().items() if value is not None}

    def _run(self, count, measuring):
        by = gradient_in_turn if self.small and numba.get_num_threads() == 1 else gradient
        return advance(by, count, measuring, *self.network, self.data, self.batch, self.state, self.work, self.loss,
                       self.optimizer.rule, self.settings, self.flatness)

    def advance(self, count):
        """Take `count` steps."""
        self._run(count, False)

    def measure(self):
        """`Measures` by name, and "norms", the norm of each parameter tensor."""
        return self._run(0, True)._asdict() | {"norms": self.work.norms.copy()}

    @property
    def steps_done(self):
        return int(self.state.clock[0])
