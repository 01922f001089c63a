"""Repository, Binder and Colab buttons, once `repository.url` is set in _config.yml and not before."""

LAUNCH = {
    "notebook_interface": "jupyterlab",
    "binderhub_url": "https://mybinder.org",
    "colab_url": "https://colab.research.google.com",
}


def add_buttons(app, config):
    options = config.html_theme_options
    if options.get("repository_url"):
        options |= {"use_repository_button": True, "use_issues_button": True, "launch_buttons": LAUNCH}


def launch_notebooks_only(app, pagename, templatename, context, doctree):
    # A page written in MyST opens there as plain text.
    if not str(app.env.doc2path(pagename)).endswith(".ipynb"):
        buttons = context["header_buttons"]
        context["header_buttons"] = [b for b in buttons if b.get("label") != "launch-buttons"]


def setup(app):
    app.connect("config-inited", add_buttons)
    app.connect("html-page-context", launch_notebooks_only, priority=900)  # after the theme made its buttons
    return {"parallel_read_safe": True, "parallel_write_safe": True}
