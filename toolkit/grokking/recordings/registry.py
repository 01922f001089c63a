"""Which recordings there should be: `RECORDINGS`, an experiment for each name."""
from toolkit.grokking.presets import PRESETS

__all__ = ["RECORDINGS", "SEEDS", "name_of"]

SEEDS = (42, 0, 1)  # the paper's, and two more
_LENGTHS = ("steps", "log_every", "log_early")  # what a recording may have less of, or more


def _all():
    """The paper's figures, their intended variants, and what the paper leaves out."""
    yield from ((name, experiment) for name, experiment in PRESETS.items() if name.startswith("figure"))
    for percent in (70, 60):
        published = PRESETS[f"figure2-{percent}-float32"]
        for seed in SEEDS:
            tail = "" if seed == SEEDS[0] else f"-seed{seed}"
            if tail:
                yield f"figure2-{percent}-float32{tail}", published.replace(seed=seed)
            yield f"figure2-{percent}-complement-float32{tail}", published.replace(form="complement", seed=seed)
    # The baseline that critics of the paper missed: weight decay at the learning rate of figure 1.
    for decay in (2, 4):
        yield f"weight-decay-{decay}", PRESETS["figure6-adamw"].replace(lr=0.01, weight_decay=decay)


RECORDINGS = {}


def name_of(experiment):
    """The name under which this experiment is recorded, whatever its number of steps, or None."""
    plain = _without_length(experiment)
    return next((name for name, wanted in RECORDINGS.items() if _without_length(wanted) == plain), None)


def _without_length(experiment):
    values = experiment.to_dict()
    return {name: value for name, value in values.items() if name not in _LENGTHS}


for _name, _experiment in _all():  # two figures may draw one run, the one further than the other
    _name = name_of(_experiment) or _name
    RECORDINGS[_name] = max(RECORDINGS.get(_name, _experiment), _experiment, key=lambda experiment: experiment.steps)
