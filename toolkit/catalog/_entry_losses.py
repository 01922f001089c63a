"""Rows of the losses of entries."""
from functools import partial

from toolkit import losses
from toolkit.catalog._entry_loss import EntryLoss
from toolkit.losses import kernels

__all__ = ["METHODS"]

_loss = partial(EntryLoss.of_forms, family="loss", lipschitz=1.0)
_token = partial(EntryLoss.of_forms, family="loss", chapter="decoding_and_entropy")
_YES, _EACH = (0.0, 1.0), ("reduction", "none")

METHODS = (
    _loss("binary_cross_entropy", "Binary cross-entropy",
          r"L = -y \log p - (1 - y) \log (1 - p),\ p = \sigma(x),\ y = 1",
          losses.binary_cross_entropy, "cox1958regression", "vanishing_loss", targets=_YES,
          forms={"naive": kernels.binary_entropy_naive, "stable": kernels.binary_entropy_stable},
          parameters=(("labels", 1.0), _EACH), plot_range=(-20, 20)),
    _loss("sigmoid_focal_loss", "Sigmoid focal loss",
          r"L = -\alpha (1 - p)^\gamma \log p,\ p = \sigma(x),\ \alpha = 1,\ \gamma = 2", losses.sigmoid_focal_loss,
          "lin2017focal", "one_family", targets=_YES, numbers=(2.0,),
          forms={"naive": kernels.sigmoid_focal_naive, "stable": kernels.sigmoid_focal_stable},
          parameters=(("labels", 1.0), ("alpha", None), _EACH), plot_range=(-10, 10)),
    _loss("hinge", "Hinge loss", r"L = \max(0, 1 - x),\ y = 1", losses.hinge, "cortes1995support", "one_family",
          targets=_YES, numbers=(1.0,), forms={"stable": kernels.binary_hinge},
          parameters=(("labels", 1.0), _EACH), plot_range=(-4, 4)),
    _loss("squared_error", "Squared error", r"L = (x - t)^2,\ t = 0", losses.squared_error, "bishop2006pattern",
          "regression_by_classification", targets=(0.0,), forms={"stable": kernels.squared_entry},
          parameters=(("targets", 0.0), _EACH), plot_range=(-4, 4)),
    _loss("huber", "Huber's loss",
          r"L = \tfrac12 d^2 \text{ up to } 1,\ d - \tfrac12 \text{ beyond},\ d = \lvert x \rvert",
          losses.huber, "huber1964robust", "regression_by_classification", targets=(0.0,), numbers=(1.0,),
          forms={"stable": kernels.huber_entry}, parameters=(("targets", 0.0), _EACH), plot_range=(-4, 4)),
    _token("clipped_surrogate", "Clipped surrogate",
           r"L = -\min(r A, \operatorname{clip}(r, 0.8, 1.2) A),\ r = e^{x - x'},\ x' = 0,\ A = 1",
           losses.clipped_surrogate, "schulman2017proximal", targets=(0.0, 1.0), numbers=(0.2, 0.2),
           forms={"naive": kernels.clipped_entry_naive, "stable": kernels.clipped_entry},
           parameters=(("old_logprobs", 0.0), ("advantages", 1.0), _EACH), plot_range=(-2, 2), lipschitz=1.2),
    _token("kl_estimate", "Estimate k3 of a divergence", r"L = e^d - 1 - d,\ d = x' - x,\ x' = 0", losses.kl_estimate,
           "schulman2020approximating", targets=(0.0,), parameters=(("reference", 0.0), _EACH), numbers=(),
           forms={"naive": kernels.k3_entry_naive, "stable": kernels.k3_entry}, plot_range=(-3, 3)),
    _token("kl_estimate_k2", "Estimate k2 of a divergence", r"L = \tfrac12 d^2,\ d = x' - x,\ x' = 0",
           losses.kl_estimate, "schulman2020approximating", targets=(0.0,), numbers=(),
           parameters=(("reference", 0.0), ("kind", "k2"), _EACH), forms={"stable": kernels.k2_entry},
           plot_range=(-3, 3)),
    _token("kl_estimate_k1", "Estimate k1 of a divergence", r"L = -d,\ d = x' - x,\ x' = 0", losses.kl_estimate,
           "schulman2020approximating", targets=(0.0,), numbers=(),
           parameters=(("reference", 0.0), ("kind", "k1"), _EACH), forms={"stable": kernels.k1_entry},
           plot_range=(-3, 3), lipschitz=1.0),
)
