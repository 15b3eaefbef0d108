"""The same explorable in a real JupyterLab: worked by hand, read back in Python, moved from Python, linked to a slider."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lab
import pytest
from conftest import watch
from playwright.sync_api import Browser, Locator, Page, expect

from dlcourse import live

MAKE = """import ipywidgets
from dlcourse import live
d = live.Descent("bowl", ["gradient_descent", "heavy_ball"])
d"""
LINK = """slider = ipywidgets.FloatSlider(min=0.01, max=0.15, step=0.001, readout_format=".3f")
link = ipywidgets.jslink((d, "alpha"), (slider, "value"))
slider"""

EDGE = """from dlcourse import live
d = live.Descent("bowl", "gradient_descent", identity="edge", condition=9)
d"""
LINKS = "[Just beyond it](#edge?alpha=0.082&condition=25), [elsewhere](#nowhere?alpha=1)."

BUILT = live.Descent("bowl", ["gradient_descent", "heavy_ball"]).state


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[Callable[[str], str]]:
    """The address of a notebook in a JupyterLab of its own."""
    root, own = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("jupyter")
    lab.write_notebook(root / "descent.ipynb", [MAKE, LINK, ""])
    lab.write_notebook(root / "links.ipynb", [EDGE, EDGE, ""], text=LINKS)
    shutil.copytree(repository / "chapters", root / "chapters")
    with lab.serve(root, own) as address:
        yield address


def open_notebook(browser: Browser, address: str) -> lab.Notebook:
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    watch(page)
    return lab.Notebook(page, address)


@pytest.fixture(scope="module")
def opened(browser: Browser, address: Callable[[str], str]) -> Iterator[lab.Notebook]:
    """The notebook with its first cell run by hand, and the explorable drawn."""
    notebook = open_notebook(browser, address("descent.ipynb"))
    notebook.cell(0).locator(".cm-content").click()
    notebook.page.keyboard.press("Control+Enter")
    explorable(notebook.page).locator(".dl-stroke").first.wait_for(state="attached")
    yield notebook
    notebook.page.close()


@pytest.fixture
def notebook(opened: lab.Notebook) -> Iterator[lab.Notebook]:
    """That notebook, with the explorable as it was built. Nothing may have gone wrong at the end."""
    opened.run(f"for name, value in {BUILT!r}.items():\n    setattr(d, name, value)")
    shows(opened.page, BUILT)
    yield opened
    problems = list(opened.page.problems)  # type: ignore[attr-defined]
    opened.page.problems.clear()  # type: ignore[attr-defined]
    assert not problems, "\n".join(problems)


# ---- what the page shows ----


def explorable(page: Page) -> Locator:
    return page.locator(".jp-OutputArea .dlcourse-explorable").first


def state(page: Page) -> dict[str, Any]:
    found = explorable(page).evaluate("element => ({...element.explorable.state})")
    assert isinstance(found, dict)
    return found


def shows(page: Page, values: dict[str, Any]) -> None:
    """Wait until the page shows these values."""
    lab.until(lambda: state(page).items() >= values.items(), f"the page shows {values}")


def drawn(page: Page, method: str = "gradient_descent") -> str:
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    strokes = explorable(page).locator(f".dl-path[data-method={method}] .dl-stroke")
    return str(strokes.evaluate_all("strokes => strokes.map(stroke => stroke.getAttribute('d')).join('')"))


def ends(page: Page) -> dict[str, list[float]]:
    """The last point of every path shown."""
    found = explorable(page).evaluate(
        "({explorable}) => Object.fromEntries(Object.entries(explorable.results.paths).map(([m, p]) => [m, [...p.slice(-2)]]))"
    )
    assert isinstance(found, dict)
    return found


def slider(page: Page, description: str = "learning rate") -> Locator:
    return explorable(page).get_by_label(re.compile(description)).first


READ = "(d.state, {name: path[-1].tolist() for name, path in d.paths.items()}, d.path[-1].tolist())"


def read_back(notebook: lab.Notebook) -> None:
    """Python comes to hold what the page shows, and has the same end points."""

    def agreed() -> Any:
        found = notebook.run(READ)
        return found if found[0] == state(notebook.page) else None

    held, there, first = lab.until(agreed, "Python holds what the page shows")
    here = ends(notebook.page)
    assert list(here) == list(there) == held["methods"]
    for method, point in here.items():
        assert there[method] == pytest.approx(point, rel=1e-9, abs=1e-300, nan_ok=True)
    assert first == pytest.approx(here[held["methods"][0]], rel=1e-9, abs=1e-300, nan_ok=True)


# ---- the tests ----


def test_the_widget_face_shows(notebook: lab.Notebook) -> None:
    page = notebook.page
    expect(page.locator(".jp-OutputArea .dlcourse-explorable")).to_have_count(1)
    expect(page.locator(".jp-OutputArea .dlcourse-explorable[data-kind], .jp-RenderedHTML .dlcourse-explorable")).to_have_count(
        0
    )
    expect(explorable(page).locator(".dl-readout li:visible")).to_have_count(2)
    expect(explorable(page).locator(".dl-readout li").first).to_contain_text("after 100 steps J = ")
    assert drawn(page)
    assert drawn(page, "heavy_ball")
    read_back(notebook)


def test_keys_move_the_slider_and_not_the_notebook(notebook: lab.Notebook) -> None:
    page = notebook.page
    selected, alpha, path = notebook.selected(), state(page)["alpha"], drawn(page)
    control = slider(page)
    control.focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    assert state(page)["alpha"] < alpha
    assert drawn(page) != path
    for key in ("Home", "End", "PageDown", "j", "k", "a", "d", "d", "x", "m"):  # JupyterLab would move, cut, delete
        page.keyboard.press(key)
    assert (notebook.selected(), notebook.cell(2).count()) == (selected, 1)
    expect(control).to_be_focused()
    read_back(notebook)
    handle = explorable(page).locator(".dl-start")
    start = state(page)["start"]
    handle.focus()
    page.keyboard.press("ArrowDown")
    assert state(page)["start"][1] < start[1]
    assert notebook.selected() == selected
    read_back(notebook)


def test_everything_done_by_hand_is_read_back(notebook: lab.Notebook) -> None:
    page = notebook.page
    explorable(page).get_by_label("Nesterov").check()
    read_back(notebook)
    for name in ("beale", "himmelblau", "bowl"):
        explorable(page).get_by_label("Landscape").select_option(name)
        read_back(notebook)
    box = slider(page, "momentum").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2, steps=30)
    page.mouse.up()
    assert state(page)["beta"] == pytest.approx(0.3, abs=0.03)
    read_back(notebook)
    ring = explorable(page).locator(".dl-start .dl-ring").bounding_box()
    page.mouse.move(ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2)
    page.mouse.down()
    page.mouse.move(ring["x"] + 160, ring["y"] + 90, steps=20)
    page.mouse.up()
    assert state(page)["start"][0] > BUILT["start"][0] + 1
    read_back(notebook)
    explorable(page).get_by_role("button", name="To the first step").click()
    assert state(page)["step"] == 0
    read_back(notebook)
    explorable(page).get_by_role("button", name="Play").click()
    shows(page, {"step": 100})
    read_back(notebook)
    explorable(page).get_by_role("button", name="Reset").click()
    assert state(page) == BUILT
    read_back(notebook)


def test_python_moves_the_view(notebook: lab.Notebook) -> None:
    page = notebook.page
    path, levels = drawn(page), explorable(page).locator(".dl-level").first.get_attribute("d")
    notebook.run("d.alpha = 0.1")
    shows(page, {"alpha": 0.1})
    assert drawn(page) != path
    assert slider(page).get_attribute("aria-valuetext") == "0.100"
    read_back(notebook)
    notebook.run('d.landscape, d.alpha, d.start = "himmelblau", 0.01, [0.5, -1]')
    shows(page, {"landscape": "himmelblau", "alpha": 0.01, "start": [0.5, -1]})
    expect(explorable(page).get_by_label("Landscape")).to_have_value("himmelblau")
    drawn(page)
    assert explorable(page).locator(".dl-level").first.get_attribute("d") != levels
    read_back(notebook)
    notebook.run('d.methods = ["nesterov"]')
    shows(page, {"methods": ["nesterov"]})
    expect(explorable(page).locator(".dl-readout li:visible")).to_have_count(1)
    read_back(notebook)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("d.alpha = 11", "TraitError: alpha (learning rate): needs a number from 0.0001 to 10, got 11"),
        ('d.landscape = "moon"', "TraitError: landscape: there is no 'moon'; choose one of bowl, "),
        ("d.methods = []", "TraitError: methods: none was given; choose from gradient_descent, "),
        ("d.start = [1, 1e9]", "TraitError: start: needs two numbers between −10 and 10, got [1, 1000000000.0]"),
        ("d.step = 0.5", "TraitError: step (steps shown): needs a whole number, got 0.5"),
    ],
)
def test_what_python_refuses_changes_nothing(notebook: lab.Notebook, statement: str, says: str) -> None:
    before = drawn(notebook.page)
    assert str(notebook.run(statement)).startswith(says)
    assert state(notebook.page) == BUILT
    assert drawn(notebook.page) == before
    slider(notebook.page).press("ArrowRight")  # still alive
    assert drawn(notebook.page) != before
    read_back(notebook)


def test_linked_with_a_slider_of_ipywidgets(notebook: lab.Notebook) -> None:
    page = notebook.page
    notebook.cell(1).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    handle = notebook.cell(1).locator(".noUi-handle")
    handle.wait_for()

    def agree(alpha: float) -> None:
        # the slider of ipywidgets puts its value on a grid of its own: 0.115 becomes 0.01 + 105 × 0.001
        near = pytest.approx(alpha, rel=1e-12)
        lab.until(lambda: notebook.run("(d.alpha, slider.value)") == (alpha, near), f"both hold {alpha}")
        expect(notebook.cell(1).locator(".widget-readout")).to_have_text(f"{alpha:.3f}")
        expect(explorable(page).locator(".dl-alpha output")).to_have_text(f"{alpha:#.3g}")
        assert state(page)["alpha"] == alpha
        read_back(notebook)

    agree(BUILT["alpha"])
    path = drawn(page)
    selected = notebook.selected()
    handle.focus()
    page.keyboard.press("ArrowRight")
    moved = lab.until(lambda: state(page)["alpha"] > BUILT["alpha"] and state(page)["alpha"], "the keys on the slider move α")
    assert drawn(page) != path
    assert notebook.selected() == selected
    agree(moved)
    path = drawn(page)
    box, track = handle.bounding_box(), notebook.cell(1).locator(".noUi-target").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] * 0.8, track["y"] + track["height"] / 2, steps=10)
    page.mouse.up()
    dragged = lab.until(lambda: state(page)["alpha"] > 0.1 and state(page)["alpha"], "the mouse on the slider moves α")
    assert drawn(page) != path
    agree(dragged)

    slider(page).press("ArrowLeft")
    by_hand = state(page)["alpha"]
    assert by_hand < dragged
    agree(by_hand)
    notebook.run("d.alpha = 0.03")
    agree(0.03)
    notebook.run("slider.value = 0.12")
    agree(0.12)
    slider(page).press("End")  # farther than the other goes
    read_back(notebook)
    assert notebook.run("(d.alpha, slider.value)") == (10, 0.15)
    notebook.run("link.unlink()")


def test_two_displays_of_one_object_move_together(notebook: lab.Notebook) -> None:
    page = notebook.page
    notebook.run("display(d)")
    both = page.locator(".jp-OutputArea .dlcourse-explorable")
    expect(both).to_have_count(2)
    both.nth(1).locator(".dl-stroke").first.wait_for(state="attached")
    both.nth(1).get_by_label(re.compile("learning rate")).first.press("ArrowRight")
    assert state(page)["alpha"] > BUILT["alpha"]
    read_back(notebook)
    notebook.run("")
    expect(both).to_have_count(1)


OUTSIDE = """root => {
    const { left, right } = root.closest('.jp-OutputArea-output').getBoundingClientRect();
    return [...root.querySelectorAll('*')].filter(element => {
        const box = element.getBoundingClientRect();
        return box.width > 1 && element.tagName !== 'g' && getComputedStyle(element).visibility !== 'hidden'
            && !element.closest('clipPath, .dl-tails, .dl-surface, .dl-start, .dl-hidden')
            && (box.left < left - 1 || box.right > right + 1);
    }).map(element => element.outerHTML.slice(0, 120));
}"""


@pytest.mark.parametrize("width", [1600, 1280, 1024, 768])
def test_fits_the_notebook(notebook: lab.Notebook, width: int) -> None:
    page = notebook.page
    page.set_viewport_size({"width": width, "height": 1400})
    notebook.run(f"d.methods = {list(live.descent.METHODS)}")
    try:
        room = "root => root.closest('.jp-OutputArea-output').clientWidth - root.querySelector('.dl-root').clientWidth"
        lab.until(lambda: 0 <= explorable(page).evaluate(room) < 40, "the explorable takes the notebook's width")
        explorable(page).scroll_into_view_if_needed()  # out of sight it waits with drawing
        lab.until(lambda: explorable(page).evaluate(OUTSIDE) == [], "nothing stands out of the notebook's width")
        scrolls = "root => (box => box.scrollWidth - box.clientWidth)(root.closest('.jp-OutputArea-output'))"
        assert explorable(page).evaluate(scrolls) <= 0
    finally:
        page.set_viewport_size({"width": 1280, "height": 1400})


# Every text with its contrast: the grounds below it and its own colour are painted over one another and read off.
CONTRASTS = """root => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const paint = colour => {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(part => part / 255);
        const [r, g, b] = parts.map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const found = [];
    for (const element of root.querySelectorAll('*')) {
        const own = [...element.childNodes].map(node => node.nodeType === Node.TEXT_NODE ? node.data : '').join('').trim();
        if (!own || !element.getClientRects().length || element.closest('option, .dl-hidden')) continue;
        const grounds = [];
        for (let at = element; at; at = at.parentElement) grounds.unshift(getComputedStyle(at).backgroundColor);
        let ground = paint('white');
        for (const colour of grounds) ground = paint(colour);
        const style = getComputedStyle(element);
        const text = paint(element instanceof SVGElement ? style.fill : style.color);
        found.push([(Math.max(ground, text) + 0.05) / (Math.min(ground, text) + 0.05), own]);
    }
    return found;
}"""


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_reads_well_in_both_themes(notebook: lab.Notebook, theme: str) -> None:
    page = notebook.page
    notebook.choose_theme(theme)
    try:
        notebook.run(f"d.methods, d.alpha = {list(live.descent.METHODS)}, 0.1")
        shows(page, {"alpha": 0.1})
        drawn(page)
        contrasts = explorable(page).evaluate(CONTRASTS)
        assert len(contrasts) > 30
        assert [faint for faint in contrasts if faint[0] < 4.5] == []
        deepest = "root => getComputedStyle(root.querySelector('.dl-deepest')).fill"
        light = {"Light": True, "Dark": False}[theme]
        assert (sum(map(float, re.findall(r"[\d.]+", explorable(page).evaluate(deepest))[:3])) > 3 * 128) == light
    finally:
        notebook.choose_theme("Light")


MOVE = """element => {
    const sliders = [...element.querySelectorAll("input[type=range]")];
    const slider = sliders.find(each => each.getClientRects().length && !each.disabled);
    if (!slider) return null;
    const before = JSON.stringify(element.explorable.state);
    slider.focus();
    slider.value = Number(slider.value) > (Number(slider.min) + Number(slider.max)) / 2 ? slider.min : slider.max;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    slider.dispatchEvent(new Event("change", { bubbles: true }));
    return before !== JSON.stringify(element.explorable.state);
}"""


NOT_OURS = (
    "console: Cross reference target was not found: ",  # the glossary and the other chapters are other files
    # JupyterLab's cell toolbar measures the cell to which a failure leads, also where that is not rendered yet.
    "exception: Cannot read properties of undefined (reading 'node')",
)


def runs_to_its_end(browser: Browser, address: str) -> None:
    """*Run all*: no cell fails or warns, the text is rendered, every explorable is drawn when it is looked at, and its first
    slider moves it."""
    notebook = open_notebook(browser, address)
    notebook.run_all()
    outputs = notebook.outputs()
    assert [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"] == []
    widgets = [output for output in outputs if "application/vnd.jupyter.widget-view+json" in output.get("data", {})]
    assert widgets
    shown = notebook.page.locator(".jp-OutputArea .dlcourse-explorable")
    moved = []
    for i in range(shown.count()):
        shown.nth(i).scroll_into_view_if_needed()
        if shown.nth(i).locator(".dl-question").count():
            continue
        shown.nth(i).locator("svg path[d], canvas").first.wait_for(state="attached")
        moved.append(shown.nth(i).evaluate(MOVE))
    assert moved
    assert any(moved)
    assert False not in moved, moved
    texts = notebook.page.locator(".jp-MarkdownCell .myst").all_inner_texts()
    assert texts
    assert [text for text in texts if re.search(r":::|\{[\w:-]+\}`", text)] == []  # a directive or role as it was typed
    problems = notebook.page.problems  # type: ignore[attr-defined]
    assert [problem for problem in problems if not problem.startswith(NOT_OURS)] == []
    notebook.page.close()


def test_a_chapter_runs_to_its_end(browser: Browser, address: Callable[[str], str]) -> None:
    runs_to_its_end(browser, address("chapters/05-automatic-differentiation.ipynb"))


def test_a_link_in_the_text_leads_to_a_state(browser: Browser, address: Callable[[str], str]) -> None:
    notebook = open_notebook(browser, address("links.ipynb"))
    page = notebook.page
    for cell in (1, 2):
        notebook.cell(cell).locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        notebook.cell(cell).locator(".dl-stroke").first.wait_for(state="attached")
    before = page.url
    page.problems.clear()  # type: ignore[attr-defined]  # as it renders the text, the notebook misses a heading of that name
    page.get_by_role("link", name="Just beyond it").click()
    shown = page.locator(".jp-OutputArea .dlcourse-explorable")
    for each in (0, 1):  # both widgets of this name
        there = shown.nth(each).evaluate("element => ({...element.explorable.state})")
        assert (there["alpha"], there["condition"]) == (0.082, 25)
    expect(shown.first).to_be_in_viewport()
    assert page.url == before
    lab.until(lambda: notebook.run("(d.alpha, d.condition)") == (0.082, 25), "Python holds what the link says")
    assert page.problems == []  # type: ignore[attr-defined]
    page.close()


@pytest.mark.nightly
@pytest.mark.parametrize("name", sorted(path.name for path in (Path(__file__).parents[2] / "chapters").glob("*.ipynb")))
def test_every_notebook_runs_to_its_end(name: str, browser: Browser, address: Callable[[str], str]) -> None:
    runs_to_its_end(browser, address(f"chapters/{name}"))
