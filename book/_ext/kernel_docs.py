"""Autodoc for compiled functions: a kernel is documented as the Python function that it compiles."""
from numba.core.dispatcher import Dispatcher
from sphinx.ext.autodoc import FunctionDocumenter


class KernelDocumenter(FunctionDocumenter):
    objtype = "kernel"
    directivetype = "function"
    priority = FunctionDocumenter.priority + 10

    @classmethod
    def can_document_member(cls, member, membername, isattr, parent):
        return isinstance(member, Dispatcher)

    def import_object(self, raiseerror=False):
        found = super().import_object(raiseerror)
        if found:
            self.object = self.object.py_func
        return found


def setup(app):
    app.add_autodocumenter(KernelDocumenter)
    return {"parallel_read_safe": True}
