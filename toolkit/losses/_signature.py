"""One list of parameters for functions that take the same ones."""
import inspect


def parameters_of(source):
    """Decorator: the signature of `source` and the *Parameters* section of its docstring.

    The three functions of a loss, and the losses among themselves, differ in what they compute and return,
    not in what they accept. Each is written out with its own docstring and passes ``**options`` on; help()
    and tooltips then show the parameters.
    """
    def decorate(function):
        function.__signature__ = inspect.signature(source)
        _, start, shared = (inspect.getdoc(source) or "").partition("Parameters\n----------\n")
        shared, end, _ = shared.partition("Returns\n-------\n")
        before, own, after = (inspect.getdoc(function) or "").partition(end)
        function.__doc__ = before + start + shared + own + after
        return function

    return decorate
