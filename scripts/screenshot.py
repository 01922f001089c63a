"""Photograph the first figure of the built book for README.md, with a Chromium on PATH or in CHROMIUM."""
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "_build/html/book/intro.html"
PICTURE = ROOT / ".github/first-figure.png"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def chromium():
    """A headless Chromium; ends the program in one line where there is none."""
    path = next(filter(None, map(shutil.which, [os.environ.get("CHROMIUM", ""), *NAMES])), None)
    if path is None:
        sys.exit("No Chromium found: put one on PATH, or its path in CHROMIUM.")
    flags = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--disable-gpu", *flags])
        yield browser
        browser.close()


def open_page(browser, file, **options):
    """A file with figures, which are ready."""
    page = browser.new_page(**options)
    page.goto(file.as_uri())
    page.wait_for_function("document.documentElement.dataset.live === 'ready'")
    return page


def main():
    with chromium() as browser:
        page = open_page(browser, PAGE, viewport={"width": 1280, "height": 1000}, color_scheme="light",
                         device_scale_factor=1.5)
        figure = page.locator(".live-figure").first
        figure.scroll_into_view_if_needed()
        page.wait_for_timeout(500)  # the first drawing, and web fonts
        figure.screenshot(path=PICTURE, animations="disabled")
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
