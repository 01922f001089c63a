"""Training in chosen precision: `Experiment` describes a run, `train` carries it out, a `Run` is what it leaves.

`fit` trains on arrays in one call, `sweep` does many experiments.
"""
from toolkit._core.public import publish
from toolkit.training import experiment, fitting, loop, run, sweeps, tasks
from toolkit.training.experiment import *
from toolkit.training.fitting import *
from toolkit.training.loop import *
from toolkit.training.run import *
from toolkit.training.sweeps import *
from toolkit.training.tasks import *

__all__ = [*experiment.__all__, *fitting.__all__, *loop.__all__, *run.__all__, *sweeps.__all__, *tasks.__all__]

publish(__name__)
