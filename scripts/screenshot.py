"""Photograph the first figure of the built book for README.md, with a Chromium on PATH or in CHROMIUM."""
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "_build/html/book/intro.html"
PICTURE = ROOT / ".github/first-figure.png"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main():
    chromium = next(filter(None, map(shutil.which, [os.environ.get("CHROMIUM", ""), *NAMES])), None)
    if chromium is None:
        sys.exit("No Chromium found: put one on PATH, or its path in CHROMIUM.")
    flags = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--disable-gpu", *flags])
        size = {"width": 1280, "height": 1000}
        page = browser.new_page(viewport=size, color_scheme="light", device_scale_factor=1.5)
        page.goto(PAGE.as_uri())
        page.wait_for_function("document.documentElement.dataset.live === 'ready'")
        figure = page.locator(".live-figure").first
        figure.scroll_into_view_if_needed()
        page.wait_for_timeout(500)  # the first drawing, and web fonts
        figure.screenshot(path=PICTURE, animations="disabled")
        browser.close()
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
