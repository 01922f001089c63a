"""Rows of the activations."""
from functools import partial

from toolkit import activations
from toolkit._core.binding import with_parameters
from toolkit._core.switch import switch
from toolkit.activations import _sorting, kernels
from toolkit.activations._elementwise import slope
from toolkit.activations._exponential import SELU_ALPHA, SELU_LAMBDA
from toolkit.catalog._method import Method, Variant

__all__ = ["ELEMENTWISE", "METHODS", "activation_kernel"]

_CHAPTER = "activation_gallery"
_GELU_SLOPE, _GELU_TANH_SLOPE = 1.128904145185, 1.128993068659
_SILU_SLOPE, _MISH_SLOPE = 1.099839320129, 1.088498161252
_MIRROR = (0.6, -0.8)


def _row(name, title, formula, reference, plot_range, lipschitz, *holds, value=None):
    """The row of an elementwise activation, at `value` of its parameter if it has one."""
    function = getattr(activations, name)
    forms, slopes, parameter = function.elementwise[:3]

    def at_value(of):
        return of if parameter is None else with_parameters(of, value)

    return Method(
        name, "activation", title, formula, function, partial(slope, function), "activation",
        tuple(Variant(form, at_value(each), form) for form, each in forms.items()), at_value(slopes["stable"]),
        reference, _CHAPTER, plot_range, selector="form" if len(forms) > 1 else None,
        parameters=() if parameter is None else ((parameter, value),), holds=frozenset(holds), lipschitz=lipschitz,
        naive_gradient=at_value(slopes["naive"]) if "naive" in slopes else None)


def _map(name, title, formula, reference, function, pull, forward, backward, value, parameters=()):
    """The row of an activation that mixes the entries of a row, at `value` of the parameter of its kernels."""
    forward, backward = (with_parameters(of, value, last=1) for of in (forward, backward))
    return Method(name, "activation", title, formula, function, pull, "map", (Variant(name, forward, "stable"),),
                  backward, reference, "keeping_gradients_alive", (-4, 4), parameters=parameters,
                  holds=frozenset({"isometry"}), lipschitz=1.0)


METHODS = (
    _row("relu", "ReLU", r"\max(0, x)", "nair2010rectified", (-3, 3), 1.0, "monotone", "linear_gap"),
    _row("leaky_relu", "Leaky ReLU", r"\max(x, 0) + \alpha \min(x, 0),\ \alpha = 0.01", "maas2013rectifier", (-3, 3),
         1.0, "monotone", value=0.01),
    _row("prelu", "PReLU", r"\max(x, 0) + a \min(x, 0),\ a = \tfrac14", "he2015delving", (-3, 3), 1.0, "monotone",
         value=0.25),
    _row("relu6", "ReLU6", r"\min(\max(0, x), 6)", "krizhevsky2010convolutional", (-3, 9), 1.0, "monotone"),
    _row("squared_relu", "Squared ReLU", r"\max(0, x)^2", "so2021primer", (-200, 400), float("inf"), "monotone"),
    _row("hard_sigmoid", "Hard sigmoid", r"\min(\max(0, \tfrac{x + 3}{6}), 1)", "howard2019mobilenetv3", (-4, 4),
         1 / 6, "monotone"),
    _row("hard_swish", "Hard swish", r"x \min(\max(0, \tfrac{x + 3}{6}), 1)", "howard2019mobilenetv3", (-4, 4), 1.5,
         "linear_gap"),
    _row("elu", "ELU", r"\max(x, 0) + \min(e^x - 1, 0)", "clevert2016elu", (-10, 3), 1.0, "monotone", value=1.0),
    _row("selu", "SELU", r"\lambda \bigl(\max(x, 0) + \alpha \min(e^x - 1, 0)\bigr)", "klambauer2017selu", (-10, 3),
         SELU_LAMBDA * SELU_ALPHA, "monotone"),
    _row("celu", "CELU", r"\max(x, 0) + \alpha \min(e^{x / \alpha} - 1, 0),\ \alpha = 2", "barron2017celu", (-12, 4),
         1.0, "monotone", value=2.0),
    _row("sigmoid", "Sigmoid", r"\sigma(x) = \frac{1}{1 + e^{-x}}", "blanchard2021accurately", (-20, 20), 0.25,
         "monotone"),
    _row("tanh", "tanh", r"\tanh x", "glorot2010understanding", (-12, 12), 1.0, "monotone", "odd"),
    _row("softplus", "Softplus", r"\log(1 + e^x)", "dugas2000softplus", (-20, 20), 1.0, "monotone", "linear_gap",
         value=1.0),
    _row("log_sigmoid", "Log-sigmoid", r"-\log(1 + e^{-x})", "blanchard2021accurately", (-20, 20), 1.0, "monotone"),
    _row("softsign", "Softsign", r"\frac{x}{1 + \lvert x \rvert}", "glorot2010understanding", (-400, 400), 1.0,
         "monotone", "odd"),
    _row("gelu", "GELU", r"x\,\Phi(x)", "hendrycks2016gelu", (-8, 8), _GELU_SLOPE, "linear_gap"),
    _row("gelu_tanh", "GELU, tanh form",
         r"\tfrac{x}{2} \Bigl(1 + \tanh \bigl(\sqrt{2 / \pi}\,(x + 0.044715\,x^3)\bigr)\Bigr)", "hendrycks2016gelu",
         (-8, 8), _GELU_TANH_SLOPE, "linear_gap"),
    _row("silu", "SiLU", r"x\,\sigma(x)", "elfwing2018silu", (-20, 20), _SILU_SLOPE, "linear_gap"),
    _row("swish", "Swish", r"x\,\sigma(\beta x),\ \beta = 2", "ramachandran2017swish", (-10, 10), _SILU_SLOPE,
         "linear_gap", value=2.0),
    _row("mish", "Mish", r"x \tanh \log(1 + e^x)", "misra2020mish", (-20, 20), _MISH_SLOPE),
    _row("crrelu", "CRReLU", r"\max(0, x) + \varepsilon x e^{-x^2 / 2},\ \varepsilon = \tfrac12", "sun2024crrelu",
         (-5, 5), 1.5, value=0.5),
    _row("glu", "GLU", r"\sigma(x)\,v,\ v = 2", "dauphin2017glu", (-20, 20), 0.5, "monotone", value=2.0),
    _row("reglu", "ReGLU", r"\max(0, x)\,v,\ v = 2", "shazeer2020glu", (-3, 3), 2.0, "monotone", value=2.0),
    _row("geglu", "GeGLU", r"x\,\Phi(x)\,v,\ v = 2", "shazeer2020glu", (-8, 8), 2 * _GELU_SLOPE, value=2.0),
    _row("swiglu", "SwiGLU", r"x\,\sigma(x)\,v,\ v = 2", "shazeer2020glu", (-20, 20), 2 * _SILU_SLOPE, value=2.0),
    _map("max_min", "MaxMin", r"(\min(z_1, z_2), \max(z_1, z_2))", "anil2019sorting", activations.max_min,
         _sorting.max_min_pull, kernels.group_sort_row, kernels.group_sort_vjp_row, 2),
    _map("group_sort", "GroupSort", r"\operatorname{sort}(z_1, \ldots, z_5)", "anil2019sorting",
         activations.group_sort, _sorting.group_sort_pull, kernels.group_sort_row, kernels.group_sort_vjp_row, 5,
         (("group", 5),)),
    _map("householder", "Householder", r"z - 2 \min(0, v^\top z)\,v,\ v = (0.6, -0.8)", "singla2022householder",
         activations.householder, _sorting.householder_pull, kernels.householder_row, kernels.householder_vjp_row,
         _MIRROR, (("v", _MIRROR),)),
)

ELEMENTWISE = tuple(method for method in METHODS if method.result == "activation")


def activation_kernel(which):
    """A function ``(kind, x)`` that kernels call for the activation ``ELEMENTWISE[kind]``, for figures with a choice.

    Parameters
    ----------
    which : {"value", "naive", "slope", "naive slope"}
        What it returns. An activation of one form has it as its naive one too.
    """
    chosen = {"value": lambda m: m.default.kernel, "naive": lambda m: m.variants[0].kernel,
              "slope": lambda m: m.row_gradient, "naive slope": lambda m: m.naive_gradient or m.row_gradient}
    if which not in chosen:
        raise ValueError(f"which is {which!r}; allowed: {', '.join(map(repr, chosen))}")
    return switch([chosen[which](method) for method in ELEMENTWISE])
