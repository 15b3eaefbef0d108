"""The pages of the built book in Chromium, beside the best live pages there are: `make book`, then

    python benchmarks/page.py [page …]

Every load is in a new browser context over http on this machine; times are medians. The figures of the other pages
were measured with the same browser on a quiet machine with two cores.
"""

from __future__ import annotations

import gzip
import json
import statistics
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "tests" / "browser"))

import chromium  # noqa: E402
from conftest import FLAGS, FOLDER, BookHandler, serve  # noqa: E402
from reaction import WATCH, Reaction, drag  # noqa: E402
from test_first_drawing import STANDS, live_pages, until_it_stands  # noqa: E402

from dlcourse import nn, optim, scan, trace  # noqa: E402
from dlcourse.autodiff import value_and_grad  # noqa: E402

BOOK = REPOSITORY / "_build" / "html"
STATIC = REPOSITORY / "dlcourse" / "live" / "static"
LOADS = 5
GRID = (60, 45)  # points at which the retrained network is drawn
OTHERS = (
    ("", "Distill, Why Momentum Really Works", "TensorFlow Playground"),
    ("first drawing / load event, ms", "190 / 281", "200 / 260"),
    ("slider event to redrawn, p95, ms", "1.3-1.8, 27", "22-28"),
    ("longest task while dragging, ms", "10-44", "47"),
    ("page, kB gzipped", "2190", "316"),
    ("training", "-", "60 epochs/s of 25 updates"),
)

# A slider event that trains a network anew and paints what it says everywhere.
RETRAIN = """async ([json, inputs, name, [columns, rows], events]) => {
    const program = dlcourse.compile(json);
    const canvas = Object.assign(document.createElement('canvas'), {width: columns, height: rows});
    document.body.append(canvas);
    const context = canvas.getContext('2d'), picture = context.createImageData(columns, rows);
    const paint = logits => {
        for (let n = 0; n < columns * rows; n++) {
            const p = 1 / (1 + Math.exp(logits[2 * n] - logits[2 * n + 1]));
            picture.data.set([255 * p, 128, 255 * (1 - p), 255], 4 * n);
        }
        context.putImageData(picture, 0, 0);
    };
    const times = [];
    for (let i = 0; i < events; i++) {
        await new Promise(requestAnimationFrame);
        const begun = performance.now();
        paint(program.run({...inputs, [name]: 0.05 + 0.4 * i / events}).logits);
        times.push(performance.now() - begun);
    }
    return times.slice(5).sort((a, b) => a - b);
}"""

# Steps taken in two seconds in which every frame is painted.
TRAIN = """async ([json, inputs, name, length, share]) => {
    const program = dlcourse.compile(json);
    const begin = () => program.start({...inputs, [name]: 0.1 + 1e-3 * (runs % 2)}); // equal inputs would be no work
    const context = document.body.appendChild(document.createElement('canvas')).getContext('2d');
    let [runs, frames] = [0, 0];
    let task = begin();
    while (runs < 3) {
        if (!task.advance(100)) continue;
        runs++;
        task = begin();
    }
    runs = 0;
    task = begin();
    const begun = performance.now();
    while (performance.now() < begun + 2000) {
        await new Promise(requestAnimationFrame);
        const until = performance.now() + share;
        for (let left = share; left > 0; left = until - performance.now()) {
            if (!task.advance(left)) continue;
            runs++;
            task = begin();
        }
        context.fillRect(0, 0, (frames++ % 60) + 1, 10);
    }
    const seconds = (performance.now() - begun) / 1000;
    return [runs * length / seconds, frames / seconds];
}"""


def new_page(browser: Browser) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.add_init_script(WATCH)
    page.add_init_script(STANDS)
    return page


def zipped(names: set[str]) -> float:
    return sum(len(gzip.compress((BOOK / name).read_bytes(), 6)) for name in names) / 1000


def load(browser: Browser, address: str, name: str) -> tuple[dict[str, float], set[str]]:
    """Medians of several loads, and the files that one asks for."""
    found: list[tuple[float, float, float]] = []
    files: set[str] = set()
    for _ in range(LOADS):
        page = new_page(browser)
        page.on("response", lambda response: files.add(unquote(urlsplit(response.url).path).removeprefix(FOLDER)))
        until_it_stands(page, address + name)
        page.evaluate("window.book.ready")
        loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventStart")
        found.append((page.evaluate("window.stands"), loaded, page.evaluate("Math.max(0, ...tasks)")))
        page.context.close()
    drawn, loaded, task = (statistics.median(each) for each in zip(*found, strict=True))
    return {"drawn": drawn, "loaded": loaded, "task": task}, files


def drag_all(browser: Browser, address: str, name: str) -> list[tuple[str, Reaction]]:
    """What moving the first slider of each explorable of a page takes."""
    page = new_page(browser)
    page.goto(address + name)
    page.evaluate("window.book.ready")
    sliders = page.evaluate(
        """[...document.querySelectorAll('.dlcourse-explorable')].map(each => [each, each.querySelector('input[type=range]')])
            .filter(([_, slider]) => slider && !slider.disabled && slider.checkVisibility())
            .map(([each, slider], n) => [each.id, slider.dataset.measured = String(n)])"""
    )
    found = [(identity, drag(page, f"[data-measured='{n}']")) for identity, n in sliders]
    page.context.close()
    return found


def training_program(length: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Gradient descent on a 2-16-16-2 tanh network and 200 points, then its logits on a grid: program and inputs."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    mlp = nn.MLP([2, 16, 16, 2], "tanh")
    theta = mlp.flat(mlp.init(rng))
    across, up = np.meshgrid(np.linspace(-3, 3, GRID[0]), np.linspace(-3, 3, GRID[1]))
    points = np.stack([across.ravel(), up.ravel()], axis=1)

    def train(theta: Any, alpha: Any) -> dict[str, Any]:
        def step(θ: Any, _: Any) -> Any:
            loss, gradient = value_and_grad(lambda θ: mlp.loss(θ, X, y))(θ)
            θ, _ = optim.GradientDescent(alpha).step(lambda _: gradient, θ, (), 1)
            return θ, loss

        θ, losses = scan(step, theta, np.zeros(length))
        return {"losses": losses, "logits": mlp(θ, points)}

    program = trace(train, theta, 0.1)
    return program.to_json(), {"theta": list(map(float, theta)), "alpha": 0.1}


def train(browser: Browser, script: str) -> tuple[float, float, float]:
    """Milliseconds to train anew, steps a second and frames a second, in a page in which `script` came first."""
    page = new_page(browser)
    page.add_script_tag(content=script)
    page.add_script_tag(path=STATIC / "explorables.js")
    json200, inputs = training_program(200)
    times = page.evaluate(RETRAIN, [json200, inputs, "alpha", list(GRID), 40])
    rate, frames = page.evaluate(TRAIN, [json200, inputs, "alpha", 200, 12])
    page.context.close()
    return statistics.median(times), rate, frames


def main() -> None:
    executable = chromium.find(shell=False)  # what a reader has
    if executable is None:
        sys.exit(chromium.MISSING)
    if not (BOOK / "index.html").exists():
        sys.exit("The book is not built: make book")
    every = sorted(page.relative_to(BOOK).as_posix() for page in BOOK.rglob("*.html") if page.name != "genindex.html")
    names = sys.argv[1:] or live_pages(BOOK, [name for name in every if not name.startswith("_static")])
    with serve(BookHandler, BOOK) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        _, shared = load(browser, address, "index.html")
        head = f"{'page':44} {'drawn':>6} {'load':>6} {'longest task':>13} {'first, kB':>10} {'further, kB':>12}"
        print(f"{head}   (ms, kB gzipped)")
        for name in names:
            times, files = load(browser, address, name)
            task = f"{times['task']:.0f}" if times["task"] else "< 50"
            weights = f"{zipped(files):10.0f} {zipped(files - shared | {name}):12.0f}"
            print(f"{name:44} {times['drawn']:6.0f} {times['loaded']:6.0f} {task:>13} {weights}", flush=True)
        print(f"\n{'explorable':44} {'slider event to redrawn, p95':>29} {'longest task while dragging':>28}   (ms)")
        for name in names:
            for identity, found in drag_all(browser, address, name):
                task = f"{found.longest_task:.0f}" if found.longest_task else "< 50"
                print(f"{Path(name).stem + '#' + identity:44} {found.p95:29.1f} {task:>28}", flush=True)
        program = len(gzip.compress(json.dumps(training_program(200)[0], separators=(",", ":")).encode(), 6))
        layer = sum(len(gzip.compress((STATIC / name).read_bytes(), 6)) for name in ("explorables.js", "explorables.css"))
        print(f"\nlive layer: {layer / 1000:.1f} kB gzipped, and the program of a training network {program / 1000:.1f} kB")
        print("A 2-16-16-2 network on 200 points: 200 steps and their picture at each event; steps while each frame is painted")
        for kernels, script in (("WebAssembly", ";"), ("JavaScript alone", "delete window.WebAssembly")):
            event, rate, frames = train(browser, script)
            print(f"{kernels:18} {event:4.0f} ms an event, {rate:6.0f} steps a second at {frames:.0f} frames a second")
        browser.close()
    print()
    for row in OTHERS:
        print(f"{row[0]:36} {row[1]:36} {row[2]}")


if __name__ == "__main__":
    main()
