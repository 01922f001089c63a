"""Pages with live figures: their WebAssembly module, the one script that drives them, and no widget state."""
from pathlib import Path

from toolkit.live.hosts.file import page_script
from toolkit.live.runtime import page_styles, runtime_script, simulation_script
from toolkit.live.style import css_variables

PALETTE = "live/palette.css"
# Before anything is drawn: what a page shows of itself at `?only=NAME` is the figure of that name.
ONLY = """{
  const only = new URLSearchParams(location.search).get("only");
  if (only !== null) document.documentElement.dataset.liveOnly = only;
}"""


def copy_assets(app):
    static = Path(app.outdir, "_static")
    (static / "live").mkdir(parents=True, exist_ok=True)
    assets = {"runtime.js": runtime_script(), "simulation.js": simulation_script(), "embed.js": page_script(),
              "live.css": page_styles()}
    for name, text in assets.items():
        (static / "live" / name).write_text(text, encoding="utf-8")
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
