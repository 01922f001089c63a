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


# One message for all: a message takes as long as a move.
SETTLE = """async (name) => {
  const [frame, given] = [() => new Promise(requestAnimationFrame), performance.now()];
  const figures = [...liveFigures.figures.values()];
  await frame();
  await frame();
  if (figures.some((figure) => figure.running)) {
    while (figures.some((figure) => figure.waiting)) {
      if (performance.now() > given + 30_000) throw new Error("a figure waits for its worker for 30 s");
      await frame();
    }
    await frame();
    await frame();
  }
  return name && [(""" + SNAPSHOT + """)(name), document.querySelector(`#live-${name} .live-readout`).innerText];
}"""


def settle(page):
    """Two animation frames: a move is drawn in the first, and a simulation's when its worker has answered."""
    page.evaluate(SETTLE)


def choose(page, figure, label):
    """Open a figure's menu and choose from it."""
    root = page.locator(f"#live-{figure}")
    root.locator(".live-more summary").click()
    root.get_by_role("button", name=label).click()


def controls(page, name):
    """Names and kinds of a figure's controls."""
    return page.evaluate("name => liveFigures.figures.get(name).spec.controls.map((c) => [c.name, c.kind])", name)


def move(page, figure, control, kind):
    """Yield after each of a few real moves of one control what the figure shows, and its sentence; at least one must
    change it."""
    root = page.locator(f'#live-{figure} [data-control="{control}"]')
    if kind in ("slider", "integer", "logits"):
        for element in root.locator("input").all():
            element.focus()
            for key in ("End", "Home", "ArrowRight", "ArrowRight"):
                element.press(key)
                yield page.evaluate(SETTLE, figure)
    elif kind in ("choice", "format"):
        for option in root.locator("option").all_inner_texts():
            root.locator("select").select_option(option)
            yield page.evaluate(SETTLE, figure)
    else:
        for element in root.locator("input, button").all():
            element.click()
            yield page.evaluate(SETTLE, figure)
