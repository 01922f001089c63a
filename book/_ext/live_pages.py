"""Pages with live figures: their WebAssembly module, the one script that drives them, and no widget state."""
from pathlib import Path

from vendored import provide

import toolkit.live
from toolkit.live.hosts.file import page_script
from toolkit.live.runtime import runtime_script
from toolkit.live.style import css_variables

ASSETS = Path(toolkit.live.__file__).parent / "assets"
PALETTE = "live/palette.css"
# Before anything is drawn: what a page shows of itself at `?only=NAME` is the figure of that name.
ONLY = """{
  const only = new URLSearchParams(location.search).get("only");
  if (only !== null) document.documentElement.dataset.liveOnly = only;
}"""


def copy_assets(app):
    for name in ("simulation.js", "live.css"):
        provide(app, ASSETS / name, f"live/{name}")
    static = Path(app.outdir, "_static")
    (static / "live/runtime.js").write_text(runtime_script(), encoding="utf-8")
    (static / "live/embed.js").write_text(page_script(), encoding="utf-8")
    dark = 'html[data-theme="dark"]:not([data-live-theme="light"]), html[data-live-theme="dark"]'
    (static / PALETTE).write_text(
        f":root {{ {css_variables('light')} }}\n"
        f"{dark} {{ {css_variables('dark')} }}\n"
        f"@media print {{ html[data-theme][data-theme] {{ {css_variables('light')} }} }}\n",
        encoding="utf-8",
    )


def drop_widget_state(app, pagename, templatename, context, doctree):
    # The state of FigureWidgets holds Plotly's whole widget bundle, 5 MB in each page.
    files = app.env.nb_metadata.get(pagename, {}).get("js_files", {})
    for key in [key for key in files if key.startswith("ipywidgets_")]:
        del files[key]


def add_assets(app, pagename, templatename, context, doctree):
    if 'class="live-figure"' not in context.get("body", ""):
        return
    context["body"] += app.pages[pagename].module.read_text(encoding="utf-8")
    app.add_css_file(PALETTE)
    app.add_css_file("live/live.css")
    if 'class="live-player"' in context["body"]:
        app.add_js_file("live/simulation.js", defer="defer")
    app.add_js_file("live/runtime.js", defer="defer")
    app.add_js_file("live/embed.js", defer="defer")
    app.add_js_file(None, body=ONLY)


def setup(app):
    app.connect("builder-inited", copy_assets)
    app.connect("html-page-context", drop_widget_state, priority=100)  # before MyST-NB adds them, at 500
    app.connect("html-page-context", add_assets)
    return {"parallel_read_safe": True}
