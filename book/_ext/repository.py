"""Repository, Binder and Colab buttons, once `repository.url` is set in _config.yml and not before."""

BINDER = "https://mybinder.org"
COLAB = "https://colab.research.google.com"


def add_buttons(app, config):
    options = config.html_theme_options
    url = options.get("repository_url")
    if url:
        launch = {"notebook_interface": "jupyterlab", "binderhub_url": BINDER}
        if "github.com/" in url:  # the only host that Colab opens notebooks from by address
            launch["colab_url"] = COLAB
        options |= {"use_repository_button": True, "use_issues_button": True, "launch_buttons": launch}


def launch_notebooks_only(app, pagename, templatename, context, doctree):
    # A page written in MyST opens there as plain text.
    if not str(app.env.doc2path(pagename)).endswith(".ipynb"):
        buttons = context["header_buttons"]
        context["header_buttons"] = [b for b in buttons if b.get("label") != "launch-buttons"]


def setup(app):
    app.connect("config-inited", add_buttons)
    app.connect("html-page-context", launch_notebooks_only, priority=900)  # after the theme made its buttons
    return {"parallel_read_safe": True, "parallel_write_safe": True}
