"""Training in chosen precision: `Experiment` describes a run completely, `train` carries it out, a `Run` is what it leaves.

`sweep` does many.
"""
from toolkit.training import experiment, loop, run, sweeps, tasks
from toolkit.training.experiment import *
from toolkit.training.loop import *
from toolkit.training.run import *
from toolkit.training.sweeps import *
from toolkit.training.tasks import *

__all__ = [*experiment.__all__, *loop.__all__, *run.__all__, *sweeps.__all__, *tasks.__all__]
