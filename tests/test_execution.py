"""How the build runs its notebooks."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import pytest
from myst_nb.core.utils import coalesce_streams
from prose import TOP

sys.path.insert(0, str(TOP / "book"))

from execution import in_one_piece, opened, run


def written(folder: Path, source: str) -> Path:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = folder / "page.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)], metadata=kernel), notebook)
    return notebook


def test_what_was_run_is_found_again(tmp_path: Path) -> None:
    notebook, cache = written(tmp_path, "6 * 7"), tmp_path / "cache"
    run(notebook, cache, 60)
    with opened(cache) as store:
        record = store.match_cache_notebook(nbformat.read(notebook, as_version=4))
        cell = store.get_cache_bundle(record.pk).nb.cells[0]
    assert record.data["execution_seconds"] > 0
    assert cell.outputs[0]["data"]["text/plain"] == "42"


def test_a_kernel_says_nothing_into_the_log_of_a_build(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It would warn that its connection is not encrypted, once for every notebook."""
    run(written(tmp_path, "6 * 7"), tmp_path / "cache", 60)
    assert capfd.readouterr().err == ""


def test_what_failed_is_left_to_the_build(tmp_path: Path) -> None:
    run(written(tmp_path, "1 / 0"), tmp_path / "cache", 60)
    with opened(tmp_path / "cache") as store:
        assert store.list_cache_records() == []


def test_printed_text_is_whole_wherever_it_was_cut() -> None:
    def printed(text: str, name: str = "stdout") -> nbformat.NotebookNode:
        return nbformat.v4.new_output("stream", name=name, text=text)

    shown = nbformat.v4.new_output("display_data", data={"text/plain": "a picture"})
    pieces = [printed("head"), printed("\n"), shown, printed("careful\n", "stderr"), printed("  1"), printed("\n  2\n")]
    whole = in_one_piece(pieces)
    assert [output.get("text") for output in whole] == ["head\n  1\n  2\n", None, "careful\n"]
    assert coalesce_streams(whole)[0].text == "head\n  1\n  2\n"
