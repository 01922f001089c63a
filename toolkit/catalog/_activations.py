"""Rows of the activations."""
from functools import partial

from toolkit import activations
from toolkit._core.arguments import chosen
from toolkit._core.switch import switch
from toolkit.activations import _sorting, kernels
from toolkit.activations._elementwise import EVERYWHERE
from toolkit.activations._exponential import SELU_ALPHA, SELU_LAMBDA
from toolkit.catalog._elementwise import Elementwise
from toolkit.catalog._kernels import at_value
from toolkit.catalog._method import Gradient, forms
from toolkit.catalog._row_map import ENTRIES, RowMap

__all__ = ["ELEMENTWISE", "METHODS", "activation_kernel", "elementwise_row"]

_GELU_SLOPE, _GELU_TANH_SLOPE = 1.128904145185, 1.128993068659
_SILU_SLOPE, _MISH_SLOPE = 1.099839320129, 1.088498161252
_MIRROR = (0.6, -0.8)


def elementwise_row(name, title, formula, reference, plot_range, lipschitz, *holds, chapter, value=None):
    """The row of an elementwise activation, at `value` of its parameter if it has one, a tuple if it has two."""
    function = getattr(activations, name)
    declared = function.elementwise
    values, slopes, names = declared.forms, declared.slopes, declared.parameters
    bound = value if len(names) > 1 else (value,) * len(names)
    slopes = {form: at_value(each, *bound) for form, each in slopes.items()}
    return Elementwise(
        name, title, formula, function, reference, chapter, family="activation",
        variants=forms(**{form: at_value(each, *bound) for form, each in values.items()}), slope=slopes["stable"],
        naive_slope=slopes.get("naive"), plot_range=plot_range, lipschitz=lipschitz, holds=frozenset(holds),
        domain=declared.domain, parameters=tuple(zip(names, bound)))


_row = partial(elementwise_row, chapter="activation_gallery")
_permutation = partial(RowMap, reference="anil2019sorting", chapter="keeping_gradients_alive", family="activation",
                       result=ENTRIES, holds=frozenset({"isometry"}), lipschitz=1.0)

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
    _permutation(
        "max_min", "MaxMin", r"(\min(z_1, z_2), \max(z_1, z_2))", activations.max_min,
        variants=forms(stable=kernels.group_sort_row), numbers=(2,), multiple=2,
        gradient=Gradient(_sorting.max_min_pull, kernels.group_sort_vjp_row)),
    _permutation(
        "group_sort", "GroupSort", r"\operatorname{sort}(z_1, \ldots, z_5)", activations.group_sort,
        variants=forms(stable=kernels.group_sort_row), parameters=(("group", 5),), multiple=5,
        gradient=Gradient(_sorting.group_sort_pull, kernels.group_sort_vjp_row)),
    _permutation(
        "householder", "Householder", r"z - 2 \min(0, v^\top z)\,v,\ v = (0.6, -0.8)", activations.householder,
        reference="singla2022householder", variants=forms(stable=kernels.householder_row),
        parameters=(("v", _MIRROR),), multiple=2,
        gradient=Gradient(_sorting.householder_pull, kernels.householder_vjp_row)),
    _row("hard_tanh", "Hard tanh", r"\min(\max(-1, x), 1)", "collobert2004large", (-3, 3), 1.0, "monotone", "odd"),
    _row("soft_shrink", "Soft shrinkage",
         r"\operatorname{sign}(x) \max(\lvert x \rvert - \theta, 0),\ \theta = \tfrac12", "donoho1995soft", (-3, 3),
         1.0, "monotone", "odd", value=0.5),
    _row("hard_shrink", "Hard shrinkage", r"x\,[\lvert x \rvert > \theta],\ \theta = \tfrac12", "donoho1994ideal",
         (-3, 3), None, "monotone", "odd", value=0.5),
    _row("tanh_shrink", "tanh shrinkage", r"x - \tanh x", "glorot2010understanding", (-3, 3), 1.0, "monotone", "odd"),
    _row("threshold", "Threshold", r"x \text{ if } x > \theta \text{ else } v,\ \theta = 1,\ v = 0",
         "nair2010rectified", (-3, 3), None, "monotone", value=(1.0, 0.0)),
    _row("squareplus", "Squareplus", r"\frac{x + \sqrt{x^2 + b}}{2},\ b = 4", "barron2021squareplus", (-400, 400), 1.0,
         "monotone", "linear_gap", value=4.0),
    _row("logit", "Logit", r"\log \frac{x}{1 - x}", "berkson1944application", (0.02, 0.98), None, "monotone"),
    _row("log1mexp", "log(1 - e⁻ˣ)", r"\log(1 - e^{-x})", "maechler2012log1mexp", (0.05, 12), None, "monotone"),
)

ELEMENTWISE = tuple(method for method in METHODS if isinstance(method, Elementwise) and method.domain == EVERYWHERE)


def activation_kernel(which):
    """A function ``(kind, x)`` that kernels call for the activation ``ELEMENTWISE[kind]``, for figures with a choice.

    Parameters
    ----------
    which : {"value", "naive", "slope", "naive slope"}
        What it returns. An activation of one form has it as its naive one too.
    """
    kernels = {"value": lambda m: m.default.kernel, "naive": lambda m: m.variants[0].kernel,
               "slope": lambda m: m.slope, "naive slope": lambda m: m.naive_slope or m.slope}
    of = chosen("which", which, kernels)
    return switch([of(method) for method in ELEMENTWISE])
