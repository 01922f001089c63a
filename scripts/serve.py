"""Serve the built book on localhost: python scripts/serve.py [--port 8000]"""
import argparse
import functools
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BOOK = Path(__file__).resolve().parents[1] / "_build/html"


def main():
    parser = argparse.ArgumentParser(description="Serve the built book on localhost.")
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free port (default: 8000)")
    port = parser.parse_args().port
    if not (BOOK / "index.html").exists():
        sys.exit("There is no built book yet: run `make book` (or `python scripts/build_book.py`) first.")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=BOOK)
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        sys.exit(f"Port {port} cannot be used ({error.strerror}). Another one: make serve PORT={port + 1}")
    with server:
        print(f"The book is at http://127.0.0.1:{server.server_port}/  (Ctrl+C stops)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
