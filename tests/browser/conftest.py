"""A real Chromium on the built book; `new_page` gives pages that remember all that went wrong on them."""
import functools
import os
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from drive import open_page
from playwright.sync_api import sync_playwright

FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"]
HERE = {"127.0.0.1", "localhost", ""}


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("browser")


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def http_base(built_book):
    """Address of a local server of the built book, without a slash at its end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=built_book))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chromium(chromium_path):
    """A headless Chromium that can reach this machine alone."""
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS + as_root)
        yield browser
        browser.close()


class Watched:
    """A page with a record of its troubles; everything else is Playwright's `page`."""

    def __init__(self, page):
        self.page, self.troubles, self.requests = page, [], []
        page.on("pageerror", self._broken)
        page.on("console", self._console)
        page.on("request", self._request)
        page.on("requestfailed", lambda request: self.troubles.append(f"failed: {request.url}"))
        page.on("response", self._response)

    def __getattr__(self, name):
        return getattr(self.page, name)

    def _console(self, message):
        if message.type == "error":
            self.troubles.append(f"console: {message.text}")

    def _request(self, request):
        self.requests.append(request.url)
        if (urlsplit(request.url).hostname or "") not in HERE:
            self.troubles.append(f"other host: {request.url}")

    def _response(self, response):
        if response.status >= 400:
            self.troubles.append(f"status {response.status}: {response.url}")

    def _broken(self, error):
        # JupyterLab says so of messages that were on their way to a kernel when it closed what had sent them.
        if "Canceled future for create_subshell_request" not in str(error):
            self.troubles.append(f"error: {error}")

    def assert_clean(self):
        """No error, nothing red on the console, no failed request, no request to another host."""
        assert not self.troubles, "\n".join(self.troubles)


@pytest.fixture
def new_page(chromium):
    """A function that opens a watched page; more keywords go to Playwright's `new_context`."""
    contexts = []

    def open_page(width=1280, height=900, *, dark=False, touch=False, **context):
        context |= {"viewport": {"width": width, "height": height}, "has_touch": touch}
        contexts.append(chromium.new_context(color_scheme="dark" if dark else "light", **context))
        return Watched(contexts[-1].new_page())

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def opened(request, chromium, http_base):
    """A page with figures, light and 1280 wide, by the name that the test is parametrized with. Tests share it, for
    to load it takes longer than most of them, and leave it as they found it."""
    with chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light") as context:
        page = Watched(context.new_page())
        page.name = request.param
        open_page(page, f"{http_base}/{page.name}.html")
        yield page


@pytest.fixture(scope="session")
def axe():
    """The script of axe-core."""
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
