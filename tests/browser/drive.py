"""Driving live figures as a reader does: real keys and clicks on real inputs."""

SNAPSHOT = """name => {
  const figure = liveFigures.figures.get(name);
  return JSON.stringify([figure.readout.textContent, figure.panels.map((panel) => panel.filled)],
    (key, value) => typeof value === "number" && !Number.isFinite(value) ? String(value) : value);
}"""


def open_page(page, url):
    """Load a page and wait until its figures answer; returns their names."""
    page.goto(url)
    page.wait_for_function("document.documentElement.dataset.live === 'ready'")
    return page.evaluate("[...liveFigures.figures.keys()]")


def snapshot(page, name):
    """What a figure shows now: its sentence and all drawn numbers."""
    return page.evaluate(SNAPSHOT, name)


FRAMES = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
  () => done([...liveFigures.figures.values()].some((figure) => figure.running)))))"""


def settle(page):
    """Two animation frames: a move is drawn in the first, and a simulation's when its worker has answered."""
    if page.evaluate(FRAMES):
        page.wait_for_function("![...liveFigures.figures.values()].some((figure) => figure.waiting)")
        page.evaluate(FRAMES)


def choose(page, figure, label):
    """Open a figure's menu and choose from it."""
    root = page.locator(f"#live-{figure}")
    root.locator(".live-more summary").click()
    root.get_by_role("button", name=label).click()


def controls(page, name):
    """Names and kinds of a figure's controls."""
    return page.evaluate("name => liveFigures.figures.get(name).spec.controls.map((c) => [c.name, c.kind])", name)


def move(page, figure, control, kind):
    """Yield after each of a few real moves of one control; at least one must change what the figure shows."""
    root = page.locator(f'#live-{figure} [data-control="{control}"]')
    if kind in ("slider", "integer", "logits"):
        for element in root.locator("input").all():
            element.focus()
            for key in ("End", "Home", "ArrowRight", "ArrowRight"):
                element.press(key)
                settle(page)
                yield
    elif kind in ("choice", "format"):
        for option in root.locator("option").all_inner_texts():
            root.locator("select").select_option(option)
            settle(page)
            yield
    else:
        for element in root.locator("input, button").all():
            element.click()
            settle(page)
            yield
